"""One worker: uvicorn on a socket that the supervisor opened, for as long as there is one."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from api.config.settings import Settings

_ROOT = Path(__file__).parents[2]
# Beyond the time that requests under way are given.
_MARGIN_SECONDS = 2.0
# Seconds a connection may be silent: longer than a load balancer lets it be (60 s mostly), lest one sends as we close.
KEEP_ALIVE = 75


class Worker:
    """A worker as its supervisor sees it."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        listener: int,
        alive: int,
        environment: Mapping[str, str],
    ) -> None:
        self.name = name
        self._seconds = settings.shutdown_seconds + _MARGIN_SECONDS
        self._descriptors = (listener, alive)
        self._environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and return at once."""
        listener, alive = self._descriptors
        words = ("worker", "--fd", str(listener), "--alive-fd", str(alive))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "api", *words],
            cwd=_ROOT,
            env=dict(self._environment),
            stdin=subprocess.DEVNULL,
            pass_fds=self._descriptors,
            # Ctrl-C in a terminal is for the supervisor, which stops us in order.
            start_new_session=True,
        )

    def runs(self) -> bool:
        """Say whether it still runs."""
        return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        """Have it finish the requests under way, without waiting."""
        if self.process is not None:
            self.process.terminate()

    def wait(self) -> None:
        """Wait until it has ended."""
        if self.process is None:
            return
        try:
            self.process.wait(self._seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            self.process.wait()

    def kill(self) -> None:
        """End it now."""
        if self.process is not None:
            self.process.kill()


def work(settings: Settings, listener: int, alive: int) -> bool:
    """Serve requests until told to stop; return whether it ever began to."""
    threading.Thread(target=_follow, args=(settings, alive), daemon=True).start()
    # Imported late, so that a worker whose supervisor is gone ends before this.
    from api.app import create_app

    server = server_for(settings, create_app(settings))
    with suppress(KeyboardInterrupt):
        server.run(sockets=[socket.socket(fileno=listener)])
    return server.started


def server_for(settings: Settings, app: Starlette) -> uvicorn.Server:
    """What serves the app; it ends the streams of events as well when it is to stop."""

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            app.state.streams.close()
            await super().shutdown(sockets)

    return Server(
        uvicorn.Config(
            app,
            loop="uvloop",
            http="httptools",
            ws="websockets-sansio",
            ws_max_size=settings.max_body_bytes,
            ws_per_message_deflate=False,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=round(settings.shutdown_seconds),
        )
    )


def _follow(settings: Settings, alive: int) -> None:
    """End when the other end of the pipe is closed: the supervisor is gone, however it went."""
    os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(settings.shutdown_seconds + _MARGIN_SECONDS)
    os._exit(1)
