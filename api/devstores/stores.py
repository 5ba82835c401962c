"""The embedded stores together: started, found by other commands, stopped."""

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
from api.devstores.errors import StoreError
from api.devstores.folder import DataFolder
from api.devstores.server import Server

# PostgreSQL may first have to replay what a crash left in its log.
_START_SECONDS = 180.0
# For migrations, commands and people beside the workers' pools.
_SPARE_CONNECTIONS = 30


@dataclass(frozen=True)
class StoreUrls:
    """Where the two stores are reached."""

    database_url: str
    redis_url: str


class EmbeddedStores:
    """The servers that the settings give no address for. They end when this process does."""

    def __init__(self, settings: Settings, *, durable: bool = True) -> None:
        self._settings = settings
        self._durable = durable
        self._folder = DataFolder(settings.data_dir)
        self._lock: int | None = None
        self.servers: list[Server] = []

    def start(self) -> StoreUrls:
        """Start them and wait until they answer."""
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
            self._launch(Server(program, lock))
        if settings.redis_url is None:
            self._folder.create_sockets(self._folder_owner())
            program = redis.program(self._folder, maxmemory=settings.redis_maxmemory)
            self._launch(Server(program, lock))
        for server in self.servers:
            ready = _postgres_answers if server.name == "PostgreSQL" else _redis_answers
            while not ready(self._folder):
                if not server.runs() or time.monotonic() > self._deadline:
                    raise StoreError(
                        f"the embedded {server.name} does not start: {server.last_words()} "
                        f"(its log: {server.program.log})"
                    )
                time.sleep(0.02)
        if settings.database_url is None:
            _create_database(self._folder)

    def _launch(self, server: Server) -> None:
        self._deadline = time.monotonic() + _START_SECONDS
        self.servers.append(server)
        server.start()

    def _folder_owner(self) -> int:
        with suppress(OSError):
            return self._folder.sockets.lstat().st_uid if self.servers else os.geteuid()
        return os.geteuid()

    def stop(self) -> None:
        """Stop them in good order."""
        for server in self.servers:
            server.ask_to_stop()
        for server in self.servers:
            server.wait()
        self.servers.clear()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def kill(self) -> None:
        """End them now; PostgreSQL recovers at its next start."""
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


def find(settings: Settings) -> StoreUrls | None:
    """Return where the stores are: as set, or those that run in the data folder; else nothing."""
    database_url = find_database(settings)
    folder = DataFolder(settings.data_dir)
    redis_url = settings.redis_address
    if redis_url is None and _listens(redis.socket(folder)):
        redis_url = redis.url(folder)
    if database_url is None or redis_url is None:
        return None
    return StoreUrls(database_url, redis_url)


def find_database(settings: Settings) -> str | None:
    """Return where PostgreSQL is: as set, or the one that runs in the data folder; else nothing."""
    folder = DataFolder(settings.data_dir)
    if settings.database_url is None and _listens(postgres.socket(folder)):
        return postgres.url(folder)
    return settings.database_address


def remove_data(settings: Settings, confirmed: Callable[[], bool]) -> bool:
    """Delete what the embedded stores wrote, if that is confirmed; refuse while they run."""
    folder = DataFolder(settings.data_dir)
    lock = folder.acquire()
    try:
        if not confirmed():
            return False
        folder.remove()
        return True
    finally:
        os.close(lock)


def _listens(path: Path) -> bool:
    with closing(socket.socket(socket.AF_UNIX)) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def _postgres_answers(folder: DataFolder) -> bool:
    if not _listens(postgres.socket(folder)):
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
