"""One process of the service, with its own proxy in front of each store."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from tests.faults.proxy import Proxy
from tests.faults.stores import RedisServer
from tests.faults.two_hosts import DoorProxy, StoreProxy
from tests.faults.views import SHAPES
from tests.support.network import Host
from tests.support.service_process import ROOT, descendants, environment, free_port

# The timeouts are short, so that the mark of a killed writer is scrubbed during a test: its deadline is 5 s after the
# transaction's. The shapes are those of the views that the clients read.
SETTINGS = {
    "MILLITASK_TRANSACTION_TIMEOUT_MS": "3000",
    "MILLITASK_STATEMENT_TIMEOUT_MS": "3000",
    "MILLITASK_VIEWS": SHAPES,
}
SERVE_COMMAND = ("api", "serve")


@dataclass(frozen=True)
class Setup:
    """The settings of a cluster that a fault needs."""

    command: Sequence[str] = SERVE_COMMAND
    # Whether the cluster has its own PostgreSQL, which can be killed.
    own_postgres: bool = False
    # Whether it has a standby as well, and whether a commit waits for the standby.
    standby: Literal["synchronous", "asynchronous"] | None = None
    # Whether the processes connect to PostgreSQL through a proxy, or through PgBouncer.
    postgres_proxy: bool = False
    pgbouncer: bool = False
    # Whether the first process is on another host than the second one and the stores.
    two_hosts: bool = False
    # What the processes use as Redis: one server, or a group of them.
    redis: type[RedisServer] = RedisServer
    maxmemory: str = "64mb"
    # The size of a file system for the cluster's own PostgreSQL.
    disk_mb: int | None = None
    # Environment variables for each process, in addition to the usual ones.
    environments: tuple[dict[str, str], ...] = ({}, {})


class Node:
    """A process of the service and its proxies."""

    def __init__(
        self,
        folder: Path,
        database_url: str,
        redis: RedisServer,
        setup: Setup,
        variables: dict[str, str],
        hosts: tuple[Host, Host] | None = None,
    ) -> None:
        """Initialize the process. hosts: that of the process and that of the stores."""
        self._folder = folder
        self._command = setup.command
        self._variables = variables
        self._process: asyncio.subprocess.Process | None = None
        self._redis_url = redis.url
        self.port = free_port()
        self.prefix = () if hosts is None else hosts[0].prefix
        self._door = None if hosts is None else DoorProxy(hosts[0], self.port)
        proxy_to = Proxy if hosts is None else partial(StoreProxy, hosts[1])
        self.proxy = proxy_to(redis.socket)
        self.postgres = proxy_to(_socket(database_url)) if setup.postgres_proxy else None
        self.output_path = folder / "output.txt"
        self._database_url = database_url

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port if self._door is None else self._door.port}"

    def environment(self) -> dict[str, str]:
        """Return the environment of the process. A command with this environment uses the same proxies."""
        database = self._database_url
        if self.postgres is not None:
            name = urlsplit(database).path
            where = f"{self.postgres.address}:{self.postgres.port}"
            database = f"postgresql://postgres@{where}{name}?sslmode=disable&gssencmode=disable"
        urls = {"DATABASE_URL": database, "REDIS_URL": self._redis_url or self.proxy.url}
        return environment(self._folder, **(urls | SETTINGS | self._variables))

    async def start(self) -> None:
        """Start the proxies and the process, without waiting for readiness."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for proxy in (*self.proxies, *([self._door] if self._door else [])):
            await proxy.start()
        await self.start_process()

    async def start_process(self) -> None:
        """Start the process alone, for the first time or after `kill`."""
        with self.output_path.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *(*self.prefix, sys.executable, "-m", *self._command, "--port", str(self.port)),
                cwd=ROOT,
                env=self.environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def proxies(self) -> list[Proxy]:
        """The proxy for Redis, and the one for PostgreSQL if configured."""
        return [self.proxy] if self.postgres is None else [self.proxy, self.postgres]

    def worker_pids(self) -> list[int]:
        """Return the process ids of the workers that currently run."""
        assert self._process is not None
        if self._command != SERVE_COMMAND:
            return [self._process.pid]
        return [pid for pid, line in descendants(self._process.pid).items() if "api worker" in line]

    def signal_worker(self, number: signal.Signals) -> bool:
        """Send a signal to the worker. Return False if none is running."""
        pids = self.worker_pids()
        for pid in pids:
            os.kill(pid, number)
        return bool(pids)

    def kill_worker(self) -> None:
        """Kill the worker, which the supervisor then restarts."""
        assert self.signal_worker(signal.SIGKILL), self.output_path.read_text()

    def processes(self) -> list[int]:
        """Return the process ids of the supervisor and of all processes below it."""
        assert self._process is not None
        return [self._process.pid, *descendants(self._process.pid)]

    async def wait_for_exit(self) -> None:
        """Wait until the process has exited."""
        assert self._process is not None
        await self._process.wait()

    async def stop(self) -> None:
        """Stop the process and its proxies."""
        for proxy in self.proxies:
            await proxy.heal()
        if self._process is not None and self._process.returncode is None:
            self.signal_worker(signal.SIGCONT)
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), 20)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        for proxy in (*self.proxies, *([self._door] if self._door else [])):
            await proxy.stop()

    def log_lines(self) -> list[str]:
        """Return the lines of its log, without the access log."""
        return [line for line in self.output_path.read_text().splitlines() if '"api.access"' not in line]

    def has_exited(self) -> bool:
        """Return whether the process has exited."""
        return self._process is not None and self._process.returncode is not None


def _socket(database_url: str) -> Path:
    """Return the path of the Unix socket of an embedded PostgreSQL."""
    [folder] = parse_qs(urlsplit(database_url).query)["host"]
    return Path(folder) / ".s.PGSQL.5432"
