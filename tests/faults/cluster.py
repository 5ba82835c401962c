"""Two processes of the service over the same stores, each with a proxy of its own before Redis."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.api.service import ROOT, descendants, environment, free_port
from tests.faults.proxy import Proxy
from tests.faults.stores import RedisServer

# Short, so that what a killed writer leaves behind is scrubbed within a test: a mark lives 5 s beyond it.
LIMITS = {"MILLITASK_TRANSACTION_TIMEOUT_MS": "3000", "MILLITASK_STATEMENT_TIMEOUT_MS": "3000"}
SERVE = ("api", "serve")


class Node:
    """One process of the service, and its proxy."""

    def __init__(self, folder: Path, database_url: str, redis: RedisServer, module: Sequence[str]) -> None:
        self._folder = folder
        self._module = module
        self._process: asyncio.subprocess.Process | None = None
        self.proxy = Proxy(redis.socket)
        self.port = free_port()
        self.output = folder / "output.txt"
        self._database_url = database_url

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """What it is started with; also right for other commands that see the stores as it does."""
        urls = {"DATABASE_URL": self._database_url, "REDIS_URL": self.proxy.url}
        return environment(self._folder, **urls, **LIMITS)

    async def start(self) -> None:
        """Start it, and its proxy before, without waiting until it is ready."""
        self._folder.mkdir(parents=True, exist_ok=True)
        await self.proxy.start()
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

    def kill_worker(self) -> None:
        """Kill the process that answers; the supervisor starts another."""
        assert self._process is not None
        workers = [pid for pid, line in descendants(self._process.pid).items() if "api worker" in line]
        assert workers, self.output.read_text()
        for pid in workers:
            os.kill(pid, signal.SIGKILL)

    async def stop(self) -> None:
        """End it and its proxy."""
        await self.proxy.heal()
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), 20)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        await self.proxy.stop()

    def ended(self) -> bool:
        """Whether it has ended by itself."""
        return self._process is not None and self._process.returncode is not None


class Cluster:
    """All that a fault test breaks."""

    def __init__(self, folder: Path, database_url: str, module: Sequence[str] = SERVE) -> None:
        self.database_url = database_url
        self.redis = RedisServer(folder / "redis")
        self.nodes = [Node(folder / f"node{number}", database_url, self.redis, module) for number in (0, 1)]
        self.http = httpx.AsyncClient(timeout=10, limits=httpx.Limits(max_keepalive_connections=64), trust_env=False)

    async def start(self) -> None:
        """Start everything and wait until both processes answer."""
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

    async def reindex(self, node: Node) -> str:
        """`python -m api reindex`, which sees the stores as this process does; returns what it said."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "api", "reindex"),
            cwd=ROOT,
            env=node.environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, said.decode()
        return said.decode()


@asynccontextmanager
async def running(folder: Path, database_url: str, module: Sequence[str] = SERVE) -> AsyncIterator[Cluster]:
    """A cluster for as long as the block runs."""
    cluster = Cluster(folder, database_url, module)
    try:
        await cluster.start()
        yield cluster
    finally:
        await cluster.stop()
