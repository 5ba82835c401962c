"""The connections to Redis: scripts and commands in one round trip each, with errors translated."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from copy import copy
from typing import Any, Self

import hiredis
import redis.asyncio as redis

from cache.errors import CacheUnavailable, RedisFull, StoreUnavailable
from cache.redis import script_texts
from cache.redis.bulk_connection import BulkConnection, bulk_connection
from cache.redis.endpoint import IDENTIFY
from cache.redis.failures import has_moved
from cache.redis.pipeline import Dropped, pack_command
from cache.redis.route import Route
from cache.redis.script_texts import ScriptName
from cache.redis.server import ConnectionLimits, Server
from cache.redis.spans import traced
from cache.redis.topologies import topology_of
from db.caller import DEFAULT_WORKSPACE
from db.tracing import traced_span

SUBSCRIBE_TIMEOUT_SECONDS = 2.0
# How long a reader waits for Redis, including for a new connection, before it falls back to PostgreSQL.
READ_TIMEOUT_SECONDS = 0.5
# The indexes of a process may lie in several runs of Redis until all of them are rebuilt after a restart, and on many
# nodes of a cluster.
USED_RUN_IDS = 256
Argument = bytes | str | int


class Redis:
    """The client of the server that holds the keys of a workspace. `count` is called for every round trip.

    Nothing is sent twice: the client's own retries are off. A mark that arrives a second time, late, is a mark that no
    writer clears.
    """

    def __init__(
        self,
        url: str,
        *,
        connections: int = 64,
        timeout: float = 2.0,
        read_timeout: float = READ_TIMEOUT_SECONDS,
        count: Callable[[], None] = lambda: None,
    ) -> None:
        limits = ConnectionLimits(connections, timeout, read_timeout)
        self._topology = topology_of(url, limits)
        self._route = Route(self._topology, DEFAULT_WORKSPACE, limits)
        # Workspaces of equal scopes are on one server.
        self.scope = ""
        self._count = count
        self._timeout = timeout
        self.read_timeout = read_timeout
        # The run id of the server that answered last, of those calls that name one, and the last few of such servers.
        self.last_run_id = ""
        self.used_run_ids: deque[str] = deque(maxlen=USED_RUN_IDS)

    def bound_to(self, workspace: str) -> Self:
        """Return the client for the keys of a workspace. It shares the connections of this one."""
        if not self._topology.sharded:
            return self
        bound = copy(self)
        bound._route, bound.scope = self._route.to(workspace), workspace
        return bound

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._topology.aclose()

    async def script(self, name: ScriptName, keys: Sequence[bytes], *arguments: Argument, run_id: str = "") -> Any:
        """Run one script and return its reply. With `run_id`, run it on that run of the server or not at all.

        Raises `CacheUnavailable`, or `OtherRedis` if the server has another run id.
        """
        packed = pack_command(("EVALSHA", self._sha(name), len(keys), *keys, *arguments))
        (reply,) = await self._exchange(packed, 1, run_id)
        if type(reply) is hiredis.ReplyError and str(reply).startswith("NOSCRIPT"):
            # The script did not run, so EVAL does not run it a second time.
            packed = pack_command(("EVAL", self._source(name), len(keys), *keys, *arguments))
            (reply,) = await self._exchange(packed, 1, run_id)
        self._raise_errors([reply], run_id)
        return reply

    async def send(self, commands: Sequence[Sequence[Argument]], *, run_id: str = "") -> list[Any]:
        """Send commands in one round trip and return their replies. Raises as `script` does."""
        packed = b"".join([pack_command(tuple(command)) for command in commands])
        replies = await self._exchange(packed, len(commands), run_id)
        self._raise_errors(replies, run_id)
        return replies

    async def _exchange(self, packed: bytes, replies: int, run_id: str) -> list[Any]:
        """Send commands once, on a connection that no other request uses at the same time."""
        self._count()
        sending = self._route.exchange(packed, replies, run_id)
        received = await (sending if traced_span() is None else self._traced(sending, packed, replies))
        if run_id not in ("", self.last_run_id):
            self._record_run_id(run_id)
        return received

    async def read(self, commands: Sequence[Sequence[Argument]], *, run_id: str = "") -> list[Any]:
        """Send commands over the shared connection and return their replies. Raises as `script` does.

        The commands must be safe to lose and to repeat. The reply is awaited for `read_timeout` seconds.
        """
        packed = b"".join([pack_command(tuple(command)) for command in commands])
        return await self.read_packed(packed, len(commands), run_id=run_id)

    async def read_packed(self, packed: bytes, replies: int = 1, *, run_id: str = "") -> list[Any]:
        """Do what `read` does, for packed commands with this number of replies."""
        received = await self._request(packed, replies, run_id)
        for reply in received:
            if type(reply) is hiredis.ReplyError:
                raise self._read_error(reply, run_id) from reply
        return received

    async def read_script(
        self,
        name: ScriptName,
        keys: Sequence[bytes],
        *arguments: Argument,
        run_id: str = "",
        dropped: Dropped | None = None,
    ) -> Any:
        """Run a script over the shared connection and return its reply. See `read` and `script`.

        If the caller is cancelled after the script was sent, `dropped` is called with the replies in its place.
        """
        packed = pack_command(("EVALSHA", self._sha(name), len(keys), *keys, *arguments))
        (reply,) = await self._request(packed, 1, run_id, dropped)
        if type(reply) is hiredis.ReplyError and not run_id and self._route.has_moved([reply]):
            await self._topology.ask(self.read_timeout)
            (reply,) = await self._request(packed, 1, run_id, dropped)
        if type(reply) is hiredis.ReplyError and str(reply).startswith("NOSCRIPT"):
            packed = pack_command(("EVAL", self._source(name), len(keys), *keys, *arguments))
            (reply,) = await self._request(packed, 1, run_id, dropped)
        if type(reply) is hiredis.ReplyError:
            raise self._read_error(reply, run_id) from reply
        return reply

    async def _request(self, packed: bytes, replies: int, run_id: str, dropped: Dropped | None = None) -> list[Any]:
        pipeline, fails_at = self._route.pipeline(run_id), None
        if pipeline is None:
            pipeline, fails_at = await self._route.connect(run_id)
        if run_id not in ("", self.last_run_id):
            self._record_run_id(run_id)
        self._count()
        received = pipeline.send(packed, replies, fails_at, dropped)
        try:
            return await (received if traced_span() is None else self._traced(received, packed, replies))
        except asyncio.CancelledError:
            if dropped is not None and not received.cancelled() and received.exception() is None:
                dropped(received.result())
            raise

    def _traced(self, sending: Awaitable[list[Any]], packed: bytes, replies: int) -> Awaitable[list[Any]]:
        return traced(sending, packed, replies, self._route.endpoint)

    def _sha(self, name: ScriptName) -> str:
        return script_texts.script_sha(name, sharded=self._topology.sharded)

    def _source(self, name: ScriptName) -> str:
        return script_texts.script_source(name, sharded=self._topology.sharded)

    def _record_run_id(self, run_id: str) -> None:
        self.last_run_id = run_id
        if run_id not in self.used_run_ids:
            self.used_run_ids.append(run_id)

    def _read_error(self, reply: hiredis.ReplyError, run_id: str) -> StoreUnavailable:
        """Return the error of a read that the server refused. Another server may stand behind the address by now."""
        error = self._route.error(reply, run_id)
        if not isinstance(error, RedisFull) and not has_moved(reply):
            self._route.replace()
        return error

    def _raise_errors(self, replies: Sequence[Any], run_id: str) -> None:
        for reply in replies:
            if type(reply) is hiredis.ReplyError:
                # Redis refuses a script for lack of memory at its first write, so no script is left half done.
                raise self._route.error(reply, run_id) from reply

    @asynccontextmanager
    async def bulk(self, run_id: str) -> AsyncIterator[BulkConnection]:
        """Open a connection for much data to one run of the server. Raises as `script` does."""
        server = await self._route.server()
        async with bulk_connection(server.endpoint, run_id, self._count) as connection:
            yield connection

    @asynccontextmanager
    async def listen(self, channel: bytes) -> AsyncIterator[Callable[[float], Awaitable[bytes | None]]]:
        """Subscribe to a channel, on a connection that all subscriptions of a server share.

        Yields a function that waits some seconds for the next message, else returns None.
        Raises `CacheUnavailable`, also when the connection breaks later.
        """
        subscriptions = (await self._route.server()).subscriptions
        try:
            subscription = await subscriptions.subscribe(channel, SUBSCRIBE_TIMEOUT_SECONDS)
        except CacheUnavailable:
            self._topology.ask_soon()
            raise
        try:
            yield subscription.next_message
        finally:
            subscriptions.unsubscribe(subscription)

    async def reconnect(self) -> None:
        """Let later requests open new connections, which may lead to another server behind the same address."""
        await (await self._route.server()).reconnect()

    async def run_id(self) -> str:
        """Return the run id of the present primary, which changes with each restart. Raises `CacheUnavailable`."""
        await self._topology.ask(self._timeout)
        replies = await self.send(IDENTIFY)
        return await (await self._route.server()).run_id_in(replies)

    @property
    def sharded(self) -> bool:
        """Whether workspaces are on several servers."""
        return self._topology.sharded

    async def primary(self) -> Server:
        """Return the server of the keys. Raises `CacheUnavailable`."""
        return await self._route.server()

    async def primaries(self) -> Sequence[Server]:
        """Return the primaries of all workspaces. Raises `CacheUnavailable`."""
        return await self._topology.primaries()

    @property
    def primary_name(self) -> str:
        """The address of the last known server of the keys, or "" if none is known."""
        server = self._route.current
        return "" if server is None else server.name

    @property
    def client(self) -> redis.Redis:
        """The client of the library, for a server at a fixed address."""
        server = self._route.current
        assert server is not None
        return server.client
