"""A cluster: two processes of the service over the same stores."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg

from db.migrations import migrate
from tests.faults.node import Node, Setup
from tests.faults.postgres_pair import PostgresPair
from tests.faults.two_hosts import DividedRedis
from tests.support.network import Host, Network
from tests.support.pgbouncer import PgBouncer
from tests.support.postgres_server import PostgresServer
from tests.support.service_process import ROOT

WORKSPACE = "default"
MAX_REINDEX_ATTEMPTS = 10
# Of PgBouncer: the sessions that it lends to all processes.
POOL_SIZE = 10
LIMITS_MS = {"statement_timeout": 3000, "transaction_timeout": 3000}
PAGE_HITS = re.compile(r"^millitask_page_hits_total (\S+)$", re.MULTILINE)


class Cluster:
    """The stores and the processes of a run."""

    def __init__(self, folder: Path, database_url: str, setup: Setup | None = None) -> None:
        setup = setup or Setup()
        self.postgres = PostgresServer(folder / "postgres", setup.disk_mb) if setup.own_postgres else None
        self.pair = PostgresPair(folder / "pair", synchronous=setup.standby == "synchronous") if setup.standby else None
        self._own = self.pair or self.postgres
        self.database_url = self._own.url if self._own else database_url
        self.pgbouncer = PgBouncer(self.database_url, folder, POOL_SIZE) if setup.pgbouncer else None
        self.network = Network() if setup.two_hosts else None
        self.redis = (
            DividedRedis(folder / "redis", setup.maxmemory, self.network)
            if self.network and setup.redis is DividedRedis
            else setup.redis(folder / "redis", setup.maxmemory)
        )
        url = self.pgbouncer.url if self.pgbouncer else self.database_url
        self.nodes = [
            Node(folder / f"node{number}", url, self.redis, setup, variables, hosts)
            for number, (variables, hosts) in enumerate(zip(setup.environments, self._hosts(), strict=False))
        ]
        # Expires before the service closes an idle connection: a request on a closing connection gets no response.
        limits = httpx.Limits(max_keepalive_connections=64, keepalive_expiry=2)
        # Longer than the service's request timeout, and longer than a fault suspends a process.
        self.http = httpx.AsyncClient(timeout=15, limits=limits, trust_env=False)

    def _hosts(self) -> Iterator[tuple[Host, Host] | None]:
        """Return for each process its host and that of the stores; None for this machine."""
        while self.network is None:
            yield None
        first, second = self.network.hosts
        yield from ((first, second), (second, second))

    async def start(self) -> None:
        """Start everything, and wait until all processes are ready and use Redis."""
        if self._own:
            await asyncio.to_thread(self._own.start)
            await asyncio.to_thread(migrate, self.database_url)
        if self.pgbouncer:
            await self._set_limits()
            await asyncio.to_thread(self.pgbouncer.start)
        await self.redis.start()
        for node in self.nodes:
            await node.start()
        for node in self.nodes:
            await self.wait_until_ready(node, degraded=False)

    async def _set_limits(self) -> None:
        """Set the limits that the service cannot set for its sessions behind a pooler."""
        async with await psycopg.AsyncConnection.connect(self.database_url, autocommit=True) as connection:
            for name, milliseconds in LIMITS_MS.items():
                await connection.execute(f"ALTER ROLE postgres SET {name} = {milliseconds}".encode())

    async def stop(self) -> None:
        """Stop everything."""
        await self.http.aclose()
        await asyncio.gather(*(node.stop() for node in self.nodes))
        await self.redis.stop()
        if self.pgbouncer:
            self.pgbouncer.stop()
        if self._own:
            await asyncio.to_thread(self._own.remove)
        if self.network:
            self.network.stop()

    async def readyz(self, node: Node) -> dict[str, Any]:
        """Return the response of `/readyz` with its status as `code`. Empty while the process cannot be reached."""
        try:
            response = await self.http.get(f"{node.url}/readyz", timeout=3)
        except httpx.HTTPError:
            return {}
        readiness: dict[str, Any] = response.json()
        return readiness | {"code": response.status_code}

    async def page_hits(self) -> int:
        """Return how many responses the page caches of all processes have answered since these started."""
        texts = [(await self.http.get(f"{node.url}/metrics")).text for node in self.nodes]
        return sum(int(float(match[1])) for text in texts if (match := PAGE_HITS.search(text)))

    async def wait_until_ready(self, node: Node, *, degraded: bool, timeout_seconds: float = 120) -> None:
        """Wait until a process is ready, and is in degraded mode or not."""
        readiness: dict[str, Any] = {}
        try:
            async with asyncio.timeout(timeout_seconds):
                while readiness.get("code") != 200 or readiness.get("degraded", False) is not degraded:
                    assert not node.has_exited(), node.output_path.read_text()[-4000:]
                    await asyncio.sleep(0.05)
                    readiness = await self.readyz(node)
        except TimeoutError:
            log = node.output_path.read_text()[-4000:]
            message = f"{node.url} is {readiness} after {timeout_seconds} s; expected degraded={degraded}"
            raise AssertionError(f"{message}\n{log}") from None

    async def wait_for_recovery(self, timeout_seconds: float = 120) -> None:
        """Wait until all processes use Redis again."""
        for node in self.nodes:
            await self.wait_until_ready(node, degraded=False, timeout_seconds=timeout_seconds)

    async def read_gate(self) -> tuple[str, int]:
        """Return the state of the gate and its epoch."""
        async with await psycopg.AsyncConnection.connect(self.database_url) as connection:
            found = await (await connection.execute("SELECT state::text, epoch FROM gate")).fetchone()
        assert found is not None, "the gate has no row"
        return found[0], found[1]

    async def wait_for_epoch_after(self, epoch: int, timeout_seconds: float = 120) -> None:
        """Wait until a process has found the index of this epoch lost, and has started a new epoch."""
        async with asyncio.timeout(timeout_seconds):
            while (await self.read_gate())[1] == epoch:  # noqa: ASYNC110 (another process changes it)
                await asyncio.sleep(0.02)

    async def verify(self, node: Node, workspace: str = WORKSPACE) -> str:
        """Run `python -m api verify` with the process's stores. Return its output if it fails; empty if it succeeds."""
        process = await self._start_command(node, "verify", "--workspace", workspace)
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        return output.decode() if process.returncode else ""

    async def reindex(self, node: Node, workspace: str = WORKSPACE) -> str:
        """Run `python -m api reindex` with the process's stores, and return its output. Retry if it asks for that."""
        for _ in range(MAX_REINDEX_ATTEMPTS):
            process = await self.start_reindex(node, workspace)
            output, _ = await asyncio.wait_for(process.communicate(), 60)
            if "Try again" not in output.decode():
                break
        assert process.returncode == 0, output.decode()
        return output.decode()

    async def start_reindex(self, node: Node, workspace: str = WORKSPACE) -> asyncio.subprocess.Process:
        """Start `python -m api reindex` with the process's stores."""
        return await self._start_command(node, "reindex", "--workspace", workspace)

    async def _start_command(self, node: Node, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(*node.prefix, sys.executable, "-m", "api", *arguments),
            cwd=ROOT,
            env=node.environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )


@asynccontextmanager
async def running(folder: Path, database_url: str, setup: Setup | None = None) -> AsyncIterator[Cluster]:
    """Run a cluster for the duration of the block."""
    cluster = Cluster(folder, database_url, setup)
    try:
        await cluster.start()
        yield cluster
    finally:
        await cluster.stop()
