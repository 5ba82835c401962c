"""Finds the server of a workspace: the interface, and the topology of one server at a fixed address."""

from collections.abc import Sequence
from typing import Protocol

from cache.redis.server import ConnectionLimits, Server


class Topology(Protocol):
    """Knows the server of each slot. Only a cluster has several; all others use the slot 0.

    sharded: whether the keys of workspaces are on several servers.
    """

    sharded: bool

    def slot(self, workspace: str) -> int:
        """Return the slot of the keys of a workspace."""

    def find(self, slot: int) -> Server | None:
        """Return the last known primary of a slot, None if none is known. Asks nothing."""

    async def ask(self, seconds: float) -> None:
        """Ask where the primaries are now, and wait at most `seconds` for the answer, which may come later.

        Raises `CacheUnavailable` without an answer, or without a primary.
        """

    def ask_soon(self) -> None:
        """Begin to ask, and do not wait for the answer."""

    async def primaries(self) -> Sequence[Server]:
        """Return all primaries, by asking. Raises as `ask` does."""

    async def aclose(self) -> None:
        """Close all connections."""


class OneServer:
    """The topology of one server at a fixed address."""

    sharded = False

    def __init__(self, url: str, limits: ConnectionLimits) -> None:
        self._server = Server(url, limits)

    def slot(self, _workspace: str) -> int:
        """Return 0."""
        return 0

    def find(self, _slot: int) -> Server:
        """Return the server."""
        return self._server

    async def ask(self, _seconds: float) -> None:
        """Do nothing: the address is fixed."""

    def ask_soon(self) -> None:
        """Do nothing: the address is fixed."""

    async def primaries(self) -> Sequence[Server]:
        """Return the server."""
        return [self._server]

    async def aclose(self) -> None:
        """Close all connections."""
        await self._server.aclose()
