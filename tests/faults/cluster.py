"""Processes of the service over the same stores, each with a proxy of its own before Redis."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg

from db.migrations import migrate
from tests.api.service import ROOT, descendants, environment, free_port
from tests.faults.proxy import Proxy
from tests.faults.stores import PostgresServer, RedisServer

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


class Cluster:
    """All that a fault test breaks."""

    def __init__(self, folder: Path, database_url: str, setup: Setup | None = None) -> None:
        setup = setup or Setup()
        self.postgres = PostgresServer(folder / "postgres", setup.disk) if setup.own_postgres else None
        self.database_url = self.postgres.url if self.postgres else database_url
        self.redis = RedisServer(folder / "redis", setup.maxmemory)
        self.nodes = [
            Node(folder / f"node{number}", self.database_url, self.redis, setup, variables)
            for number, variables in enumerate(setup.variables)
        ]
        # Given up before the service does: a request on a connection that it is closing would have no answer.
        limits = httpx.Limits(max_keepalive_connections=64, keepalive_expiry=2)
        self.http = httpx.AsyncClient(timeout=10, limits=limits, trust_env=False)

    async def start(self) -> None:
        """Start everything and wait until both processes answer."""
        if self.postgres:
            await self.postgres.start()
            await asyncio.to_thread(migrate, self.database_url)
        await self.redis.start()
        for node in self.nodes:
            await node.start()
        for node in self.nodes:
            await self.until(node, degraded=False)

    async def stop(self) -> None:
        """End everything."""
        await self.http.aclose()
        await asyncio.gather(*(node.stop() for node in self.nodes))
        await self.redis.stop()
        if self.postgres:
            await self.postgres.remove()

    async def readyz(self, node: Node) -> dict[str, Any]:
        """What a process says of itself, with the status code; nothing while it cannot be reached."""
        try:
            response = await self.http.get(f"{node.url}/readyz", timeout=3)
        except httpx.HTTPError:
            return {}
        said: dict[str, Any] = response.json()
        return said | {"code": response.status_code}

    async def until(self, node: Node, *, degraded: bool, seconds: float = 30) -> None:
        """Wait until a process is ready and says that it uses Redis, or that it does not."""
        said: dict[str, Any] = {}
        try:
            async with asyncio.timeout(seconds):
                while said.get("code") != 200 or said.get("degraded", False) is not degraded:
                    assert not node.ended(), node.output.read_text()[-4000:]
                    await asyncio.sleep(0.05)
                    said = await self.readyz(node)
        except TimeoutError:
            log = node.output.read_text()[-4000:]
            raise AssertionError(f"{node.url} says {said} after {seconds} s, not degraded={degraded}\n{log}") from None

    async def recovered(self, seconds: float = 30) -> None:
        """Wait until both processes use Redis again."""
        for node in self.nodes:
            await self.until(node, degraded=False, seconds=seconds)

    async def gate(self) -> tuple[str, int]:
        """Its state, and the epoch of the index."""
        async with await psycopg.AsyncConnection.connect(self.database_url) as connection:
            found = await (await connection.execute("SELECT state::text, epoch FROM gate")).fetchone()
        assert found is not None, "there is no gate"
        return found[0], found[1]

    async def until_epoch_after(self, epoch: int, seconds: float = 30) -> None:
        """Wait until somebody has noticed that this index is lost, and has begun another."""
        async with asyncio.timeout(seconds):
            while (await self.gate())[1] == epoch:  # noqa: ASYNC110 (another process, which sets no event)
                await asyncio.sleep(0.02)

    async def verify(self, node: Node) -> str:
        """`python -m api verify`, as this process sees the stores: what it says, if anything is not as it must be."""
        process = await self._command(node, "verify")
        said, _ = await asyncio.wait_for(process.communicate(), 60)
        return said.decode() if process.returncode else ""

    async def reindex(self, node: Node) -> str:
        """`python -m api reindex`, to its end; returns what it said. Tries again while Redis is too slow for it."""
        for _ in range(10):
            process = await self.begin_reindex(node)
            said, _ = await asyncio.wait_for(process.communicate(), 60)
            if "Try again" not in said.decode():
                break
        assert process.returncode == 0, said.decode()
        return said.decode()

    async def begin_reindex(self, node: Node) -> asyncio.subprocess.Process:
        """`python -m api reindex`, which sees the stores as this process does."""
        return await self._command(node, "reindex")

    async def _command(self, node: Node, word: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "api", word),
            cwd=ROOT,
            env=node.environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )


@asynccontextmanager
async def running(folder: Path, database_url: str, setup: Setup | None = None) -> AsyncIterator[Cluster]:
    """A cluster for as long as the block runs."""
    cluster = Cluster(folder, database_url, setup)
    try:
        await cluster.start()
        yield cluster
    finally:
        await cluster.stop()


def _socket(database_url: str) -> Path:
    """Where an embedded PostgreSQL listens."""
    [folder] = parse_qs(urlsplit(database_url).query)["host"]
    return Path(folder) / ".s.PGSQL.5432"
