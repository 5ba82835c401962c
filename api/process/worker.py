"""Worker processes: how the supervisor controls one, and what runs inside it."""

import asyncio
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple, cast

import uvicorn
from starlette.applications import Starlette

from api.config.settings import Settings
from api.devstores.running import is_running
from api.http.connection import Connection
from api.http.connection_limits import ConnectionLimits, ConnectionLoad
from api.http.websocket_connection import WebSocketConnection
from api.process.file_limit import connections_that_fit

_ROOT = Path(__file__).parents[2]
# Added to the time that requests in flight have to finish, for the rest of the shutdown.
_SHUTDOWN_MARGIN_SECONDS = 2.0
# An idle connection stays open for this long. Load balancers usually close theirs after 60 s; if the service closed
# first, a request could be lost on the way.
_KEEP_ALIVE_SECONDS = 75
# The largest bodies, and the largest responses, that a worker holds at once for slow clients.
_LARGEST_AT_ONCE = 4
# glibc gives each thread its own heap, which fragments: 10 MiB in a worker with full caches. The threads of a worker
# hold the interpreter's lock while they allocate, so one heap is enough.
_MEMORY_SETTINGS = {"MALLOC_ARENA_MAX": "1"}


def longest_stop(settings: Settings) -> float:
    """Return the seconds that a worker may take to stop before its supervisor kills it."""
    return settings.drain_seconds + settings.shutdown_seconds + _SHUTDOWN_MARGIN_SECONDS


class WorkerDescriptors(NamedTuple):
    """The open files that a worker inherits: its listener, the pipe of the supervisor, the metrics of all workers."""

    listener: int
    alive: int
    metrics: Sequence[int]


class Worker:
    """A worker process as its supervisor controls it. `number` counts from 1."""

    def __init__(
        self, number: int, settings: Settings, descriptors: WorkerDescriptors, environment: Mapping[str, str]
    ) -> None:
        self.name = f"worker {number}"
        self._number = number
        self._stop_seconds = longest_stop(settings)
        self._descriptors = descriptors
        self._environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process without waiting until it serves."""
        listener, alive, metrics = self._descriptors
        arguments = ["worker", "--number", self._number, "--fd", listener, "--alive-fd", alive]
        for descriptor in metrics:
            arguments += ["--metrics-fds", descriptor]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "api", *map(str, arguments)],
            cwd=_ROOT,
            env={**_MEMORY_SETTINGS, **self._environment},
            stdin=subprocess.DEVNULL,
            pass_fds=(listener, alive, *metrics),
            # In a terminal, Ctrl-C then reaches only the supervisor, which stops the workers in order.
            start_new_session=True,
        )

    def is_running(self) -> bool:
        return self.process is not None and is_running(self.process)

    def request_stop(self) -> None:
        """Ask the worker to drain, finish the requests in flight and exit. Does not wait."""
        if self.process is not None:
            self.process.terminate()

    def wait(self) -> None:
        """Wait until the process has ended. Kill it after the shutdown time."""
        if self.process is None:
            return
        try:
            self.process.wait(self._stop_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            self.process.wait()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()


def run_worker(settings: Settings, descriptors: WorkerDescriptors, number: int) -> bool:
    """Serve requests until a signal stops the process. Return whether the service started."""
    threading.Thread(target=_exit_with_supervisor, args=(settings, descriptors.alive), daemon=True).start()
    # Imported late, because the import is slow and the thread must first watch the supervisor.
    from api.app import create_app
    from api.metrics.snapshot import SnapshotFiles

    snapshots = SnapshotFiles(descriptors.metrics, number - 1)
    server = create_server(settings, create_app(settings, snapshots))
    _exclude_from_garbage_collection()
    with suppress(KeyboardInterrupt):
        server.run(sockets=[socket.socket(fileno=descriptors.listener)])
    return server.started


def _exclude_from_garbage_collection() -> None:
    """Exclude the modules and the schema from garbage collection, which would stop the worker for 45 ms each time."""
    gc.collect()
    gc.freeze()


def create_server(settings: Settings, app: Starlette) -> uvicorn.Server:
    """Return the HTTP server for the app. When it stops, it first drains, and then also ends the event streams."""
    load = ConnectionLoad(_connection_limits(settings))

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            app.state.readiness.stopping = load.closing = True
            await self._drain()
            app.state.streams.stop()
            await super().shutdown(sockets)

        async def _drain(self) -> None:
            """Answer requests for `drain_seconds`. Each response ends its connection."""
            end, tick = time.monotonic() + settings.drain_seconds, 0
            while time.monotonic() < end and not self.force_exit:
                await asyncio.sleep(0.1)
                tick += 1
                await self.on_tick(tick)  # keeps the header `Date` current

    # `Starlette.__call__` would only add itself to each scope.
    assert app.middleware_stack is not None
    return Server(
        uvicorn.Config(
            app.middleware_stack,
            loop="uvloop",
            http=cast("type[asyncio.Protocol]", partial(Connection, load=load)),
            ws=cast("type[asyncio.Protocol]", partial(WebSocketConnection, load=load)),
            ws_max_size=settings.max_body_bytes,
            ws_per_message_deflate=False,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=settings.trusted_proxies,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=round(settings.shutdown_seconds),
        )
    )


def _connection_limits(settings: Settings) -> ConnectionLimits:
    defaults = ConnectionLimits()
    return ConnectionLimits(
        connections=connections_that_fit(settings.max_connections, settings.database_pool_size + 1),
        head_bytes=settings.max_header_bytes,
        receive_seconds=settings.receive_timeout_ms / 1000,
        send_seconds=settings.send_timeout_ms / 1000,
        # Enough for some of the largest requests and responses, whatever the settings say.
        unfinished_bytes=max(defaults.unfinished_bytes, _LARGEST_AT_ONCE * settings.max_body_bytes),
        unsent_bytes=max(defaults.unsent_bytes, _LARGEST_AT_ONCE * settings.max_response_bytes),
    )


def _exit_with_supervisor(settings: Settings, alive: int) -> None:
    """Stop this process when the supervisor is gone, even if it was killed: the read ends when its pipe closes."""
    os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(longest_stop(settings))
    os._exit(1)
