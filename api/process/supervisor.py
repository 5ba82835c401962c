"""The parent of everything that `serve` starts: stores, workers, and their end."""

import os
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from types import FrameType
from typing import Protocol

import structlog

from api.config.settings import Settings
from api.devstores import EmbeddedStores, StoreUrls
from api.process.banner import greeting
from api.process.preflight import check_stores
from api.process.worker import Worker
from db.migrations import migrate

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_TICK_SECONDS = 0.05
# Seconds. Whoever asks a child that keeps dying waits in its socket for the next one, and most clients give up at ten.
_LONGEST_PAUSE = 2.0
_BACKLOG = 2048
# So many failures of one worker before the service was ever ready: it never will be.
_HOPELESS = 3
# A child that ran this long did not fail at its start.
_SETTLED_SECONDS = 10.0

log = structlog.get_logger(__name__)


class ServeError(Exception):
    """The service cannot be started; the message is one line for people."""


class _Stop(KeyboardInterrupt):  # which asyncio lets out wherever it is raised
    """Somebody asked us to stop."""


class Child(Protocol):
    """A process that is started again when it dies."""

    name: str

    def start(self) -> None:
        """Start it."""

    def runs(self) -> bool:
        """Say whether it runs."""


@dataclass
class Watched:
    """A child, and how it has been doing."""

    child: Child
    failures: int = 0
    started: float = field(default_factory=time.monotonic)
    again: float | None = None

    def revive(self) -> None:
        """Start it again if it died, each time after a longer pause."""
        now = time.monotonic()
        if self.again is None and not self.child.runs():
            settled = now - self.started > _SETTLED_SECONDS
            self.failures = 1 if settled else self.failures + 1
            pause = min(0.05 * 2 ** min(self.failures, 10), _LONGEST_PAUSE)  # of a large power there is no float
            self.again = now + pause
            log.warning("died, starting it again", child=self.child.name, pause_seconds=pause)
        elif self.again is not None and now >= self.again:
            self.again = None
            self.started = now
            self.child.start()


class Supervisor:
    """Starts, watches and stops everything, in this order."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stores = EmbeddedStores(settings)
        self._workers: list[Worker] = []
        self._listeners: list[socket.socket] = []
        self._signals = 0
        self._stopping = False
        self._began = time.monotonic()

    def run(self) -> None:
        """Serve until a signal asks to stop. Whatever happens, nothing is left behind."""
        alive, keep = os.pipe()
        try:
            for number in _SIGNALS:
                signal.signal(number, self._on_signal)
            # First of all, since this may fail at once and the rest takes time.
            self._listeners = listen(self._settings)
            urls = self._start_stores()
            self._watch(self._start_workers(alive, urls))
        except _Stop:
            pass
        finally:
            self._stop()
            os.close(alive)
            os.close(keep)

    def _start_stores(self) -> StoreUrls:
        database_url, redis_url = self._settings.database_address, self._settings.redis_address
        # Those that others run, before anything is begun; those of our own once they run.
        check_stores(self._settings, database_url=database_url, redis_url=redis_url)
        urls = self._stores.start()
        check_stores(
            self._settings,
            database_url=urls.database_url if database_url is None else None,
            redis_url=urls.redis_url if redis_url is None else None,
        )
        migrate(urls.database_url)
        return urls

    def _start_workers(self, alive: int, urls: StoreUrls) -> list[Watched]:
        settings = self._settings
        environment = os.environ | settings.environment()
        # Those that others run are in there already, without the password that a file may hold.
        if settings.database_url is None:
            environment["DATABASE_URL"] = urls.database_url
        if settings.redis_url is None:
            environment["REDIS_URL"] = urls.redis_url
        for number, listener in enumerate(self._listeners, start=1):
            name = f"worker {number}"
            worker = Worker(name, settings, listener.fileno(), alive, environment)
            self._workers.append(worker)
            worker.start()
        children: list[Child] = [*self._stores.servers, *self._workers]
        return [Watched(child) for child in children]

    def _watch(self, children: list[Watched]) -> None:
        address = _address(self._settings)
        ready = False
        while not self._signals:
            for watched in children:
                watched.revive()
                if not ready and watched.failures >= _HOPELESS:
                    raise ServeError(f"{watched.child.name} does not start; the log says why")
            if not ready and _is_ready(*address):
                ready = True
                host, port = address
                seconds = time.monotonic() - self._began
                log.info("ready", seconds=round(seconds, 2), host=host, port=port)
                say(greeting(self._settings, f"{host}:{port}", seconds))
            time.sleep(_TICK_SECONDS)

    def _stop(self) -> None:
        self._stopping = True
        for listener in self._listeners:
            listener.close()
        for worker in self._workers:
            worker.ask_to_stop()
        for worker in self._workers:
            worker.wait()
        self._stores.stop()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        if not self._stopping:
            self._stopping = True
            raise _Stop
        # Asked twice: they mean it.
        for worker in self._workers:
            worker.kill()
        self._stores.kill()


def listen(settings: Settings) -> list[socket.socket]:
    """Open the sockets that the workers take connections from, one for each."""
    host, port = settings.host, settings.port
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        alone = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
        if settings.workers == 1:
            return [alone]
        if sys.platform != "linux":
            return [alone.dup() for _ in range(settings.workers)]
        # On one socket, one worker gets all connections that are opened while it is idle; Linux
        # shares them out over several. The first only made sure that nobody else has the port.
        alone.close()
        return [
            socket.create_server(address[:2], family=family, backlog=_BACKLOG, reuse_port=True)
            for _ in range(settings.workers)
        ]
    except socket.gaierror:
        raise ServeError(f"MILLITASK_HOST={host} is not an address of this machine") from None
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise ServeError(
            f"cannot listen on {host} port {port}: {reason}; stop what uses it, or choose another "
            "with MILLITASK_PORT or --port (make run PORT=…)"
        ) from None


def say(text: str) -> None:
    """Tell people something. Their line goes to stderr, since stdout is for the logs."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _address(settings: Settings) -> tuple[str, int]:
    anywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - it is where we connect to
    host = anywhere.get(settings.host, settings.host)
    return (f"[{host}]" if ":" in host and not host.startswith("[") else host), settings.port


def _is_ready(host: str, port: int) -> bool:
    connection = HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/readyz", headers={"Connection": "close"})
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
