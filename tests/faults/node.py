"""One process of the service, with a proxy of its own before each store."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.faults.proxy import Proxy
from tests.faults.stores import RedisServer
from tests.support.service_process import ROOT, descendants, environment, free_port

# Short, so that what a killed writer leaves behind is scrubbed within a test: a mark lives 5 s beyond it.
LIMITS = {"MILLITASK_TRANSACTION_TIMEOUT_MS": "3000", "MILLITASK_STATEMENT_TIMEOUT_MS": "3000"}
SERVE = ("api", "serve")


@dataclass(frozen=True)
class Setup:
    """What a fault needs to be otherwise than usual."""

    module: Sequence[str] = SERVE
    # Whether PostgreSQL is the cluster's own, to be killed; and whether the processes reach it through a proxy.
    own_postgres: bool = False
    postgres_proxy: bool = False
    maxmemory: str = "64mb"
    # Megabytes of a file system for PostgreSQL alone.
    disk: int | None = None
    # More of the environment, for each process.
    variables: tuple[dict[str, str], ...] = ({}, {})


class Node:
    """One process of the service, and its proxies."""

    def __init__(
        self, folder: Path, database_url: str, redis: RedisServer, setup: Setup, variables: dict[str, str]
    ) -> None:
        self._folder = folder
        self._module = setup.module
        self._variables = variables
        self._process: asyncio.subprocess.Process | None = None
        self.proxy = Proxy(redis.socket)
        self.postgres = Proxy(_socket(database_url)) if setup.postgres_proxy else None
        self.port = free_port()
        self.output = folder / "output.txt"
        self._database_url = database_url

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """What it is started with; also right for other commands that see the stores as it does."""
        database = self._database_url
        if self.postgres is not None:
            name = urlsplit(database).path
            database = f"postgresql://postgres@127.0.0.1:{self.postgres.port}{name}?sslmode=disable&gssencmode=disable"
        urls = {"DATABASE_URL": database, "REDIS_URL": self.proxy.url}
        return environment(self._folder, **urls, **LIMITS, **self._variables)

    async def start(self) -> None:
        """Start it, and its proxy before, without waiting until it is ready."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for proxy in self.proxies:
            await proxy.start()
        with self.output.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", *self._module, "--port", str(self.port)),
                cwd=ROOT,
                env=self.environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def proxies(self) -> list[Proxy]:
        """Before Redis, and before PostgreSQL if there is one."""
        return [self.proxy] if self.postgres is None else [self.proxy, self.postgres]

    def workers(self) -> list[int]:
        """The process that answers, if it is there at the moment."""
        assert self._process is not None
        if self._module != SERVE:
            return [self._process.pid]
        return [pid for pid, line in descendants(self._process.pid).items() if "api worker" in line]

    def signal_worker(self, number: signal.Signals) -> bool:
        """To the process that answers, if it is there; killed, the supervisor starts another."""
        workers = self.workers()
        for pid in workers:
            os.kill(pid, number)
        return bool(workers)

    def kill_worker(self) -> None:
        """Kill the process that answers; the supervisor starts another."""
        assert self.signal_worker(signal.SIGKILL), self.output.read_text()

    async def stop(self) -> None:
        """End it and its proxies."""
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
        for proxy in self.proxies:
            await proxy.stop()

    def said(self) -> list[str]:
        """What it has logged, but for the requests."""
        return [line for line in self.output.read_text().splitlines() if '"api.access"' not in line]

    def ended(self) -> bool:
        """Whether it has ended by itself."""
        return self._process is not None and self._process.returncode is not None


def _socket(database_url: str) -> Path:
    """Where an embedded PostgreSQL listens."""
    [folder] = parse_qs(urlsplit(database_url).query)["host"]
    return Path(folder) / ".s.PGSQL.5432"
