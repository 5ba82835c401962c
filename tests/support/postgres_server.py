"""Runs PostgreSQL servers for a test or a run of the fault campaign, which may kill, freeze, copy and promote them."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from api.devstores import postgres
from api.devstores.account import ordinary_account
from api.devstores.folder import DataFolder
from tests.support.service_process import descendants, until

DATABASE = "postgres"
# Less memory and disk than the options of the embedded server need.
OPTIONS = ("-c", "shared_buffers=64MB", "-c", "min_wal_size=32MB", "-c", "max_wal_size=64MB")
START_SECONDS = 60.0
# Until the last process of a killed server has released its file system.
UNMOUNT_SECONDS = 0.5


class PostgresServer:
    """A server on a Unix socket with the program and the options of the embedded one, without its watchdog.

    It is durable: a commit that was acknowledged survives a kill.
    """

    def __init__(self, folder: Path, disk_mb: int | None = None) -> None:
        """Initialize the server; `disk_mb` is the size of a file system to mount for it, which needs root."""
        self._folder = DataFolder(folder)
        self._folder.create()
        self._mounted = disk_mb is not None
        if disk_mb is not None:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={disk_mb}m", "tmpfs", str(folder)], check=True)
        self._filler_path = folder / "filler"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = postgres.url(self._folder, DATABASE)
        self.data = self._folder.postgres

    @property
    def host(self) -> str:
        """The folder of the socket, which libpq takes for a host."""
        return str(self._folder.sockets)

    @property
    def is_running(self) -> bool:
        """Return whether the server was started and has not exited."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start with the existing data, and wait until PostgreSQL answers."""
        program = postgres.program(self._folder, 0, connections=100)
        with program.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*program.account.wrapper, *program.command, *OPTIONS],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                user=program.account.uid if program.account.switch else None,
            )
        assert until(self._answers, START_SECONDS), self.log_text()[-2000:]

    def stop(self) -> None:
        """Shut down: end all sessions and write a checkpoint. Does nothing if none runs."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait()
            self._process = None

    def kill(self) -> None:
        """Kill all processes with SIGKILL, as a crash of the machine would. Does nothing if none runs.

        All are suspended first. When only the postmaster has been killed, a commit that waits for a standby gives up
        the wait. Other sessions could still read that commit, although a failover loses it.
        """
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)  # so that no further process starts
            pids = self._pids()
            for number in (signal.SIGSTOP, signal.SIGKILL):
                for pid in pids:
                    with suppress(ProcessLookupError):
                        os.kill(pid, number)
            self._process.wait()
            self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Freeze all processes: the kernel still accepts connections, but nothing is answered."""
        with frozen(self._pids()):
            yield

    def remove(self) -> None:
        """Kill the server and unmount its file system."""
        self.kill()
        if self._mounted:
            time.sleep(UNMOUNT_SECONDS)
            subprocess.run(["umount", "-l", str(self._folder.path)], check=True)

    def execute(self, statement: LiteralString, *values: Any) -> list[Any]:
        """Execute a statement and return its rows."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def change_setting(self, setting: str) -> None:
        """Change a setting of the running server, such as `commit_delay = 1000`."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET {setting}".encode())
            connection.execute("SELECT pg_reload_conf()")

    def promote(self) -> None:
        """Make a standby the primary, and wait until it accepts writes."""
        assert self.execute("SELECT pg_promote()") == [(True,)]

    def back_up(self, target: Path, *options: str) -> None:
        """Take a base backup of the running server into a folder."""
        how = ("--checkpoint=fast", "--wal-method=stream", "--no-sync", *options)
        run_program("pg_basebackup", "-h", self.host, "-U", "postgres", "-D", str(target), *how)

    def add_standby(self, folder: Path) -> "PostgresServer":
        """Return a server that is a copy of this one and follows it. It is not started."""
        standby = PostgresServer(folder)
        self.back_up(standby.data, "--write-recovery-conf")
        return standby

    def fill_disk(self) -> None:
        """Write a file until the disk is full."""
        with self._filler_path.open("wb") as file, suppress(OSError):
            while True:
                file.write(bytes(65536))
                file.flush()

    def free_disk(self) -> None:
        """Delete the file that fills the disk."""
        self._filler_path.unlink()

    def log_text(self) -> str:
        """Return the content of the server's log."""
        return self._folder.log("postgres").read_text(errors="replace")

    def _pids(self) -> list[int]:
        assert self._process is not None
        return [self._process.pid, *descendants(self._process.pid)]

    def _answers(self) -> bool:
        assert self.is_running, self.log_text()[-2000:]
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


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


def run_program(name: str, *arguments: str) -> None:
    """Run a program of PostgreSQL as the user of the servers. Raises `AssertionError` with its output if it fails."""
    binaries = postgres._binaries()
    account = ordinary_account(binaries / "postgres")
    done = subprocess.run(
        [*account.wrapper, str(binaries / name), *arguments],
        cwd="/",
        user=account.uid if account.switch else None,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def url_of(*servers: PostgresServer) -> str:
    """Return a URL with the hosts of all servers, for the one that accepts writes."""
    hosts = ",".join(server.host for server in servers)
    return f"postgresql:///{DATABASE}?host={hosts}&user=postgres&target_session_attrs=read-write"


@contextmanager
def primary_and_standby(folder: Path) -> Iterator[tuple[PostgresServer, PostgresServer]]:
    """Run a primary and a standby. A commit waits until the standby has it, too."""
    primary = PostgresServer(folder / "primary")
    primary.start()
    standby = primary.add_standby(folder / "standby")
    try:
        standby.start()
        primary.change_setting("synchronous_standby_names = '*'")
        yield primary, standby
    finally:
        standby.kill()
        primary.kill()
