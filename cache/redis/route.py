"""The way to the server that holds the keys of a workspace."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import hiredis

from cache.errors import CacheUnavailable, OtherRedis, StoreUnavailable
from cache.redis.endpoint import Endpoint
from cache.redis.failures import has_moved, moved_error, unavailable
from cache.redis.pipeline import Pipeline
from cache.redis.server import ConnectionLimits, Server
from cache.redis.topology import Topology


class Route:
    """Sends requests to the server of a slot. Asks for a new one when the server fails or no longer serves the slot.

    A request with a run id is never sent to another run of a server, so after a move it raises `OtherRedis`.
    """

    def __init__(self, topology: Topology, workspace: str, limits: ConnectionLimits) -> None:
        self.topology = topology
        self.sharded = topology.sharded
        self._limits = limits
        self._slot = topology.slot(workspace)

    def to(self, workspace: str) -> "Route":
        """Return the route to the keys of another workspace."""
        return Route(self.topology, workspace, self._limits)

    @property
    def current(self) -> Server | None:
        """The last known server, None if none is known."""
        return self.topology.find(self._slot)

    @property
    def endpoint(self) -> Endpoint | None:
        """The address of the last known server."""
        return None if (server := self.current) is None else server.endpoint

    def replace(self) -> None:
        """Let the next read open a new connection. Reads in flight still get their replies."""
        if (server := self.current) is not None:
            server.shared.replace()

    def pipeline(self, run_id: str) -> Pipeline | None:
        """Return the open connection that reads share, if it leads to this run of the server. "" stands for any run."""
        server = self.topology.find(self._slot)
        return None if server is None else server.shared.pipeline(run_id)

    async def connect(self, run_id: str) -> tuple[Pipeline, float]:
        """Return an open connection for reads, and the time at which the caller's request fails.

        Raises `CacheUnavailable`, or `OtherRedis` if the primary has another run id.
        """
        loop = asyncio.get_running_loop()
        fails_at = loop.time() + self._limits.read_timeout
        server = self.topology.find(self._slot) or await self._ask(self._limits.read_timeout)
        try:
            return await server.shared.connect(run_id)
        except (CacheUnavailable, OtherRedis):
            moved = await self._moved(server, max(0.0, fails_at - loop.time()))
            if moved is None:
                raise
        return await moved.shared.connect(run_id)

    async def exchange(self, packed: bytes, replies: int, run_id: str) -> list[Any]:
        """Send commands once, on a connection that no other request uses at the same time. Raises as `connect` does.

        Commands that a node of a cluster has not executed, because the slot has moved, are sent to the right node.
        """
        server = await self.server()
        try:
            received = await server.exclusive.send(packed, replies, run_id)
        except OtherRedis:  # nothing was sent
            moved = await self._moved(server, self._limits.timeout)
            if moved is None:
                raise
            return await moved.exclusive.send(packed, replies, run_id)
        except CacheUnavailable:
            self.topology.ask_soon()
            raise
        if not run_id and self.has_moved(received):
            moved = await self._moved(server, self._limits.timeout)
            if moved is not None:
                return await moved.exclusive.send(packed, replies, run_id)
        return received

    async def server(self) -> Server:
        """Return the last known server, or else ask. Raises `CacheUnavailable`."""
        return self.topology.find(self._slot) or await self._ask(self._limits.timeout)

    async def _ask(self, seconds: float) -> Server:
        await self.topology.ask(seconds)
        server = self.topology.find(self._slot)
        if server is None:
            raise CacheUnavailable("No node of the Redis cluster serves the slot of the workspace. Try again.")
        return server

    def has_moved(self, received: Sequence[Any]) -> bool:
        """Return whether a node of a cluster has replied that it does not, or not fully, serve the slot."""
        return self.sharded and any(type(reply) is hiredis.ReplyError and has_moved(reply) for reply in received)

    def error(self, reply: hiredis.ReplyError, run_id: str) -> StoreUnavailable:
        """Return the error for a reply to a request with this run id. After a move its index is lost."""
        if not self.has_moved([reply]):
            return unavailable(reply)
        self.topology.ask_soon()
        return moved_error(index=bool(run_id))

    async def _moved(self, before: Server, seconds: float) -> Server | None:
        """Ask where the keys are now. Return their server if another one held them before."""
        with suppress(CacheUnavailable):
            await self.topology.ask(seconds)
        server = self.topology.find(self._slot)
        return None if server is before else server
