"""Runs PgBouncer in transaction mode in front of a database. Its tests are skipped where PgBouncer is missing."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from api.devstores.account import ordinary_account
from tests.support.service_process import free_port

DEADLINE_SECONDS = 60.0
POOL_SIZE = 3
MISSING = "PgBouncer is not installed (Debian: apt-get install pgbouncer)"
SETTINGS = """
[databases]
* = host={host} port=5432 user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir = {sockets}
auth_type = any
admin_users = postgres
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 500
"""


def find() -> str | None:
    """Return the path of PgBouncer, if there is one. PGBOUNCER names another one than that of the system."""
    return os.environ.get("PGBOUNCER") or shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")


def program() -> Path:
    """Return the path of PgBouncer, or skip the test."""
    found = find()
    if not found:
        pytest.skip(MISSING)
    return Path(found)


def version(path: Path) -> tuple[int, int]:
    """Return the version of PgBouncer, such as (1, 24)."""
    said = subprocess.run([path, "--version"], check=True, capture_output=True, text=True).stdout
    found = re.search(r"PgBouncer (\d+)\.(\d+)", said)
    assert found is not None, said
    return int(found[1]), int(found[2])


class PgBouncer:
    """A pooler with few sessions. It lends each for one transaction.

    `url` is that of the database. `socket_url` is the same through a Unix socket, if `sockets` is a folder for it.
    """

    def __init__(
        self, database_url: str, folder: Path, pool_size: int = POOL_SIZE, *, sockets: Path | None = None
    ) -> None:
        self.program = program()
        self.version = version(self.program)
        given, port = conninfo_to_dict(database_url), free_port()
        text = SETTINGS.format(host=given["host"], port=port, pool_size=pool_size, sockets=sockets or "")
        if self.prepares:
            text += "max_prepared_statements = 200\n"
        self._settings, self._log = folder / "pgbouncer.ini", folder / "pgbouncer.log"
        self._settings.write_text(text)
        self.url = f"postgresql://postgres@127.0.0.1:{port}/{given['dbname']}"
        self.socket_url = f"postgresql:///{given['dbname']}?host={sockets}&port={port}&user=postgres"
        self._admin_url = f"postgresql://postgres@127.0.0.1:{port}/pgbouncer"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def prepares(self) -> bool:
        """Whether this version prepares statements in each session under names of its own."""
        return self.version >= (1, 21)

    def start(self) -> None:
        """Start, and wait until it accepts connections."""
        account = ordinary_account(self.program)
        user = {"user": account.uid, "group": account.gid, "extra_groups": []} if account.switch else {}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # type: ignore[call-overload]
                [*account.wrapper, str(self.program), str(self._settings)], stdout=log, stderr=log, cwd="/", **user
            )
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            try:
                psycopg.connect(self.url).close()
            except psycopg.OperationalError:
                assert self._process.poll() is None, self._log.read_text()
                assert time.monotonic() < deadline
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """End at once, if it runs. The connections of clients and sessions break."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def command(self, text: LiteralString) -> None:
        """Run a command of the administrator, such as RECONNECT."""
        with psycopg.connect(self._admin_url, autocommit=True) as connection:
            connection.pgconn.exec_(text.encode())


@contextmanager
def pgbouncer(
    database_url: str, folder: Path, pool_size: int = POOL_SIZE, *, sockets: Path | None = None
) -> Iterator[PgBouncer]:
    """Run a pooler in front of a database."""
    pooler = PgBouncer(database_url, folder, pool_size, sockets=sockets)
    pooler.start()
    try:
        yield pooler
    finally:
        pooler.stop()
