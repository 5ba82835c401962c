"""The base of topologies whose primaries change. It asks where the primaries are, once for all callers."""

import asyncio
from abc import ABC, abstractmethod
from contextvars import Context

from cache.errors import CacheUnavailable
from cache.redis.failures import unavailable
from cache.redis.server import ConnectionLimits, Server
from cache.redis.several_hosts import SeveralHosts

# While a primary is down, every reader finds that out. They cause no more questions than this.
ASK_INTERVAL_SECONDS = 0.1


class MovingServers(ABC):
    """Keeps the connections to the present primaries, by host and port."""

    def __init__(self, hosts: SeveralHosts, limits: ConnectionLimits, *, sharded: bool) -> None:
        self.sharded = sharded
        self._hosts = hosts
        self._limits = limits
        self._servers: dict[tuple[str, int], Server] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._asking = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None
        self._asked: set[asyncio.Task[None]] = set()
        self._asked_at = float("-inf")
        self._closed = False

    async def ask(self, seconds: float) -> None:
        """Ask where the primaries are now. The question is sent after this call. See `Topology.ask`."""
        asked = self._start()
        await asyncio.wait({asked}, timeout=seconds)
        if not asked.done():
            raise unavailable(TimeoutError(), self._hosts.names)
        if asked.cancelled():
            raise CacheUnavailable
        if (error := asked.exception()) is not None:
            raise unavailable(error, self._hosts.names) from error

    def ask_soon(self) -> None:
        """Begin to ask, and do not wait for the answer."""
        if not self._closed:
            self._start()

    async def aclose(self) -> None:
        """Close all connections."""
        self._closed = True
        for task in self._asked:
            task.cancel()
        if self._asked or self._closing:
            await asyncio.wait({*self._asked, *self._closing})
        for server in self._servers.values():
            await server.aclose()
        await self._close_sources()

    @abstractmethod
    async def _learn(self) -> None:
        """Ask, and call `_adopt` with the primaries. Raises `CacheUnavailable`."""

    @abstractmethod
    async def _close_sources(self) -> None:
        """Close the connections that `_learn` uses."""

    def _adopt(self, addresses: set[tuple[str, int]]) -> None:
        """Keep connections to these servers only. Those to other servers are closed, with the requests in flight."""
        for address in self._servers.keys() - addresses:
            task = asyncio.get_running_loop().create_task(self._servers.pop(address).aclose())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        for address in addresses - self._servers.keys():
            url = self._hosts.server_url(*address)
            self._servers[address] = Server(url, self._limits, replaceable=True, sharded=self.sharded)

    def _start(self) -> asyncio.Task[None]:
        """Return the question that is sent next. A caller never shares one that was sent before it called."""
        if self._closed:
            raise CacheUnavailable
        if self._next is None:
            # In a context of its own, because the answer is for more than the request that happens to ask.
            self._next = task = asyncio.get_running_loop().create_task(self._ask_next(), context=Context())
            self._asked.add(task)
            task.add_done_callback(self._forget)
        return self._next

    def _forget(self, asked: asyncio.Task[None]) -> None:
        self._asked.discard(asked)
        if self._next is asked:
            self._next = None
        if not asked.cancelled():
            asked.exception()  # marks the error as seen, also without waiting callers

    async def _ask_next(self) -> None:
        async with self._asking:
            loop = asyncio.get_running_loop()
            await asyncio.sleep(max(0.0, self._asked_at + ASK_INTERVAL_SECONDS - loop.time()))
            self._next = None  # later callers share the following question
            self._asked_at = loop.time()
            await self._learn()
