"""Runs PostgreSQL servers for one test: a primary and standbys, which the test may stop, freeze and promote."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg.conninfo import conninfo_to_dict

from api.config.settings import Settings
from api.devstores import EmbeddedStores
from api.devstores.account import ordinary_account
from api.devstores.folder import DataFolder
from api.devstores.postgres import _binaries
from tests.support.service_process import descendants, until


class PostgresServer:
    """A server on a Unix socket with the data of its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = DataFolder(folder)
        settings = Settings(database_url=None, redis_url="redis://nobody", data_dir=folder)
        self._stores = EmbeddedStores(settings, durable=False)
        self.url = ""

    @property
    def host(self) -> str:
        """The folder of the socket, which libpq takes for a host."""
        return str(self.folder.sockets)

    @property
    def postmaster(self) -> int:
        """The process id of the server."""
        return int((self.folder.postgres / "postmaster.pid").read_text().partition("\n")[0])

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self.url = self._stores.start().database_url

    def stop(self) -> None:
        """Shut the server down: it ends its sessions and writes a checkpoint."""
        self._stores.stop()

    def kill(self) -> None:
        """End the server at once, as a crash of its machine would."""
        self._stores.kill()
        self._stores.stop()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Freeze all processes: the kernel still accepts connections, but nothing is answered."""
        pids = [self.postmaster, *descendants(self.postmaster)]
        with frozen(pids):
            yield

    def execute(self, statement: LiteralString, *values: Any) -> list[Any]:
        """Execute a statement and return its rows."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def promote(self) -> None:
        """Make a standby the primary, and wait until it accepts writes."""
        assert self.execute("SELECT pg_promote()") == [(True,)]

    def add_standby(self, folder: Path) -> "PostgresServer":
        """Return a server that is a copy of this one and follows it. It is not started."""
        standby = PostgresServer(folder)
        standby.folder.create()
        account = ordinary_account(_binaries() / "postgres")
        standby.folder.create_sockets(account.uid)
        copied = standby.folder.path / "postgres"
        command = (
            "pg_basebackup",
            "-h",
            self.host,
            "-U",
            "postgres",
            "-D",
            str(copied),
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
        )
        subprocess.run([str(_binaries() / command[0]), *command[1:]], check=True, capture_output=True)
        if account.switch:
            for path in (copied, *copied.rglob("*")):
                os.chown(path, account.uid, account.gid)
        return standby

    def await_standbys(self) -> None:
        """Wait until every standby has replayed what this server has written."""
        waiting = "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn >= %s"
        [[written]] = self.execute("SELECT pg_current_wal_flush_lsn()")
        assert until(lambda: self.execute(waiting, written) != [(0,)])


@contextmanager
def frozen(pids: list[int]) -> Iterator[None]:
    """Suspend processes. They may end in the meantime."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@contextmanager
def primary_and_standby(folder: Path) -> Iterator[tuple[PostgresServer, PostgresServer]]:
    """Run a primary and a standby. A commit waits until the standby has it, too."""
    primary = PostgresServer(folder / "primary")
    primary.start()
    standby = primary.add_standby(folder / "standby")
    try:
        standby.start()
        primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        primary.execute("SELECT pg_reload_conf()")
        yield primary, standby
    finally:
        standby.stop()
        primary.stop()


def url_of(*servers: PostgresServer) -> str:
    """Return a URL with the hosts of all servers, for the one that accepts writes."""
    hosts = ",".join(server.host for server in servers)
    name = conninfo_to_dict(servers[0].url)["dbname"]
    return f"postgresql:///{name}?host={hosts}&user=postgres&target_session_attrs=read-write"
