"""Processes of the service over the same stores, and what is asked of all of them."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg

from db.migrations import migrate
from tests.faults.node import Node, Setup
from tests.faults.stores import PostgresServer, RedisServer
from tests.support.service_process import ROOT


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
        # Longer than a request may take, and than a process is stopped: it answers, or says why not.
        self.http = httpx.AsyncClient(timeout=15, limits=limits, trust_env=False)

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
