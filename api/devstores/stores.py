"""Start, find and stop both embedded stores."""

import os
import socket
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psycopg
import redis as redis_client

from api.config.settings import Settings
from api.devstores import postgres, redis
from api.devstores.errors import StoreSetupError
from api.devstores.folder import DataFolder
from api.devstores.server import StoreServer

# After a crash, PostgreSQL first replays its write-ahead log.
_START_TIMEOUT_SECONDS = 180.0
# Connections in addition to the pools of the workers: for migrations, commands and psql.
_SPARE_CONNECTIONS = 30


@dataclass(frozen=True)
class StoreUrls:
    """The URLs of both stores, with their passwords."""

    database_url: str
    redis_url: str


class EmbeddedStores:
    """The stores for which the settings have no URL. They end when this process ends."""

    def __init__(self, settings: Settings, *, durable: bool = True) -> None:
        self._settings = settings
        self._durable = durable
        self._folder = DataFolder(settings.data_dir)
        self._lock: int | None = None
        self.servers: list[StoreServer] = []

    def start(self) -> StoreUrls:
        """Start the stores, wait until they answer, and return the URLs. Raises `StoreSetupError`."""
        settings = self._settings
        if settings.database_url is None or settings.redis_url is None:
            self._lock = self._folder.acquire()
            try:
                self._start(self._lock)
            except BaseException:
                self.stop()
                raise
        return StoreUrls(
            settings.database_address or postgres.url(self._folder),
            settings.redis_address or redis.url(self._folder),
        )

    def _start(self, lock: int) -> None:
        settings = self._settings
        if settings.database_url is None:
            connections = settings.database_connections + _SPARE_CONNECTIONS
            program = postgres.program(self._folder, lock, connections=max(100, connections), durable=self._durable)
            self._launch(StoreServer(program, lock))
        if settings.redis_url is None:
            self._folder.create_sockets(self._folder_owner())
            program = redis.program(self._folder, maxmemory=settings.redis_maxmemory)
            self._launch(StoreServer(program, lock))
        for server in self.servers:
            ready = _postgres_answers if server.name == "PostgreSQL" else _redis_answers
            while not ready(self._folder):
                if not server.is_running() or time.monotonic() > self._deadline:
                    raise StoreSetupError(
                        f"the embedded {server.name} does not start: {server.last_error()} "
                        f"(the log is {server.program.log})"
                    )
                time.sleep(0.02)
        if settings.database_url is None:
            _create_database(self._folder)

    def _launch(self, server: StoreServer) -> None:
        self._deadline = time.monotonic() + _START_TIMEOUT_SECONDS
        self.servers.append(server)
        server.start()

    def _folder_owner(self) -> int:
        with suppress(OSError):
            return self._folder.sockets.lstat().st_uid if self.servers else os.geteuid()
        return os.geteuid()

    def stop(self) -> None:
        """Shut the stores down cleanly and wait until they have ended."""
        for server in self.servers:
            server.request_stop()
        for server in self.servers:
            server.wait()
        self.servers.clear()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def kill(self) -> None:
        """End the stores at once. PostgreSQL recovers at its next start."""
        for server in self.servers:
            server.kill()

    def __enter__(self) -> StoreUrls:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def find_stores(settings: Settings) -> StoreUrls | None:
    """Return the URLs from the settings or of the embedded stores that run now, or None without running stores."""
    database_url = find_database_url(settings)
    folder = DataFolder(settings.data_dir)
    redis_url = settings.redis_address
    if redis_url is None and _accepts_connections(redis.socket_path(folder)):
        redis_url = redis.url(folder)
    if database_url is None or redis_url is None:
        return None
    return StoreUrls(database_url, redis_url)


def find_database_url(settings: Settings) -> str | None:
    """Return the URL from the settings or of the embedded PostgreSQL that runs now, or None if none runs."""
    folder = DataFolder(settings.data_dir)
    if settings.database_url is None and _accepts_connections(postgres.socket_path(folder)):
        return postgres.url(folder)
    return settings.database_address


def remove_data(settings: Settings, confirmed: Callable[[], bool]) -> bool:
    """Delete the data of the embedded stores if `confirmed` returns true. Return whether the data was deleted.

    Raises `StoreSetupError` while the stores run.
    """
    folder = DataFolder(settings.data_dir)
    lock = folder.acquire()
    try:
        if not confirmed():
            return False
        folder.remove()
        return True
    finally:
        os.close(lock)


def _accepts_connections(path: Path) -> bool:
    with closing(socket.socket(socket.AF_UNIX)) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def _postgres_answers(folder: DataFolder) -> bool:
    if not _accepts_connections(postgres.socket_path(folder)):
        return False
    try:
        psycopg.connect(postgres.url(folder, "postgres"), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _redis_answers(folder: DataFolder) -> bool:
    try:
        with redis_client.Redis.from_url(redis.url(folder)) as client:
            return bool(client.ping())
    except (redis_client.RedisError, OSError):
        return False


def _create_database(folder: DataFolder) -> None:
    with psycopg.connect(postgres.url(folder, "postgres"), autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (postgres.DATABASE,))
        if found.fetchone() is None:
            connection.execute(f"CREATE DATABASE {postgres.DATABASE}")
