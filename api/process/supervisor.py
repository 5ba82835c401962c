"""The supervisor of `serve`: starts, watches and stops the embedded stores and the workers."""

import os
import signal
import socket
import time
from http.client import HTTPConnection, HTTPException
from tempfile import TemporaryFile
from types import FrameType

import structlog

from api.config.settings import Settings
from api.devstores import EmbeddedStores, StoreUrls
from api.devstores.running import STOP_SIGNALS
from api.process.banner import banner
from api.process.child import Child, SupervisedChild
from api.process.console import print_message
from api.process.listeners import ServeError, open_listeners
from api.process.preflight import check_identity, check_stores, check_traces, check_trusted_documents
from api.process.worker import Worker, WorkerDescriptors

_POLL_SECONDS = 0.05
_READY_TIMEOUT_SECONDS = 2.0
# A child that fails this often before the service was ready will not start at all.
_MAX_START_FAILURES = 3

log = structlog.get_logger(__name__)


class _StopRequested(KeyboardInterrupt):
    """A signal asked the service to stop. Unlike other exceptions, asyncio never swallows a `KeyboardInterrupt`."""


class Supervisor:
    """Runs the service until a signal stops it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stores = EmbeddedStores(settings)
        self._workers: list[Worker] = []
        self._listeners: list[socket.socket] = []
        # In each, a worker shares its metrics with the others.
        self._metrics = [TemporaryFile() for _ in range(settings.workers)]  # noqa: SIM115 - open until the end
        self._stop_requested = False
        self._stopping = False
        self._started = time.monotonic()

    def run(self) -> None:
        """Serve until a signal asks to stop, then stop all child processes."""
        # The write end of this pipe closes when the supervisor dies. The workers wait for that.
        alive, keep_open = os.pipe()
        try:
            for number in STOP_SIGNALS:
                signal.signal(number, self._on_signal)
            check_identity(self._settings)
            check_trusted_documents(self._settings)
            check_traces()
            # Opened early, because this can fail at once while the other steps take time.
            self._listeners = open_listeners(self._settings)
            urls = self._start_stores()
            self._watch(self._start_workers(alive, urls))
        except _StopRequested:
            pass
        finally:
            self._stop()
            os.close(alive)
            os.close(keep_open)

    def _start_stores(self) -> StoreUrls:
        database_url, redis_url = self._settings.database_address, self._settings.redis_address
        # External stores are checked before anything starts, embedded stores after they have started.
        check_stores(self._settings, database_url=database_url, redis_url=redis_url)
        urls = self._stores.start()
        check_stores(
            self._settings,
            database_url=urls.database_url if database_url is None else None,
            redis_url=urls.redis_url if redis_url is None else None,
        )
        # Imported late: a worker imports this module too, and does not need what migrations need.
        from db.migrations import migrate, require_no_pending

        # Migrations need the session of their connection.
        (require_no_pending if self._settings.database_pooling == "transaction" else migrate)(urls.database_url)
        return urls

    def _start_workers(self, alive: int, urls: StoreUrls) -> list[SupervisedChild]:
        settings = self._settings
        environment = os.environ | settings.environment()
        # The URLs of external stores are in the environment already. The resolved URLs could contain the password
        # of a password file, which child processes must read themselves.
        if settings.database_url is None:
            environment["DATABASE_URL"] = urls.database_url
        if settings.redis_url is None:
            environment["REDIS_URL"] = urls.redis_url
        for number, listener in enumerate(self._listeners, start=1):
            descriptors = WorkerDescriptors(listener.fileno(), alive, [file.fileno() for file in self._metrics])
            worker = Worker(number, settings, descriptors, environment)
            self._workers.append(worker)
            worker.start()
        children: list[Child] = [*self._stores.servers, *self._workers]
        return [SupervisedChild(child) for child in children]

    def _watch(self, children: list[SupervisedChild]) -> None:
        host, port = _probe_address(self._settings)
        ready = False
        while not self._stop_requested:
            for supervised in children:
                supervised.restart_if_dead()
                if not ready and supervised.failures >= _MAX_START_FAILURES:
                    raise ServeError(f"{supervised.child.name} does not start. The log has the reason.")
            if not ready and _is_ready(host, port):
                ready = True
                seconds = time.monotonic() - self._started
                log.info("ready", seconds=round(seconds, 2), host=host, port=port)
                print_message(banner(self._settings, f"{host}:{port}", seconds))
            time.sleep(_POLL_SECONDS)

    def _stop(self) -> None:
        self._stopping = True
        for listener in self._listeners:
            listener.close()
        for worker in self._workers:
            worker.request_stop()
        for worker in self._workers:
            worker.wait()
        self._stores.stop()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop_requested = True
        if not self._stopping:
            self._stopping = True
            raise _StopRequested
        # A second signal ends the children without waiting for requests in flight.
        for worker in self._workers:
            worker.kill()
        self._stores.kill()


def _probe_address(settings: Settings) -> tuple[str, int]:
    """Return the address for requests to the service itself."""
    wildcards = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - replaced, not bound
    host = wildcards.get(settings.host, settings.host)
    return (f"[{host}]" if ":" in host and not host.startswith("[") else host), settings.port


def _is_ready(host: str, port: int) -> bool:
    connection = HTTPConnection(host, port, timeout=_READY_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/readyz", headers={"Connection": "close"})
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
