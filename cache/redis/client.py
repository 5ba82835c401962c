"""The connections to Redis: scripts and commands in one round trip each, with errors translated."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from hashlib import sha1
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import hiredis
import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

from cache.errors import CacheUnavailable, RedisFull
from cache.redis.bulk_connection import BulkConnection, bulk_connection
from cache.redis.connection_pool import ConnectionPool
from cache.redis.failures import unavailable
from cache.redis.pipeline import Dropped, pack_command
from cache.redis.shared_connection import SharedConnection, parse_run_id
from cache.redis.subscription import Subscriptions

SCRIPTS = Path(__file__).parent / "scripts"
SUBSCRIBE_TIMEOUT_SECONDS = 2.0
# How long a reader waits for Redis, including for a new connection, before it falls back to PostgreSQL.
READ_TIMEOUT_SECONDS = 0.5
# The indexes of a process may lie in several runs of Redis until all of them are rebuilt after a restart.
USED_RUN_IDS = 8
ScriptName = Literal[
    "mark", "publish", "abort", "record", "settle", "lease", "fill", "scrub", "sweep", "due", "page", "counts", "probe",
    "draw",
]  # fmt: skip
Argument = bytes | str | int


@cache
def script_source(name: ScriptName) -> str:
    """Return the text of a script. All start with the prelude but those that use no index or only one."""
    text = (SCRIPTS / f"{name}.lua").read_text()
    return text if name in ("page", "probe", "draw") else (SCRIPTS / "prelude.lua").read_text() + text


@cache
def script_sha(name: ScriptName) -> str:
    """Return the SHA-1 by which Redis names a script."""
    return sha1(script_source(name).encode()).hexdigest()  # noqa: S324


class Redis:
    """Connections for one request each, and one shared connection for reads. `count` is called for every round trip.

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
        self._url = url
        self._count = count
        self.read_timeout = read_timeout
        # The run id of the server that answered last, of those calls that name one, and the last few of such servers.
        self.last_run_id = ""
        self.used_run_ids: deque[str] = deque(maxlen=USED_RUN_IDS)
        self._pool = redis.BlockingConnectionPool.from_url(
            url,
            protocol=3,
            max_connections=connections,
            timeout=timeout,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
            # With maintenance notifications the pool lends connections that were closed while idle.
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )
        self.client: redis.Redis = redis.Redis.from_pool(self._pool)
        # The pool has read the URL, so all kinds of connections understand the same URLs.
        address = self._pool.make_connection()  # type: ignore[no-untyped-call]
        self.user = address.username or "default"
        self._shared = SharedConnection(address, read_timeout)
        self._exclusive = ConnectionPool(address, connections, timeout)
        self._subscriptions = Subscriptions(lambda: self._exclusive.connect(""))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._shared.aclose()
        await self._exclusive.aclose()
        await self.client.aclose()

    async def script(self, name: ScriptName, keys: Sequence[bytes], *arguments: Argument, run_id: str = "") -> Any:
        """Run one script and return its reply. With `run_id`, run it on that run of the server or not at all.

        Raises `CacheUnavailable`, or `OtherRedis` if the server has another run id.
        """
        packed = pack_command(("EVALSHA", script_sha(name), len(keys), *keys, *arguments))
        (reply,) = await self._exchange(packed, 1, run_id)
        if type(reply) is hiredis.ReplyError and str(reply).startswith("NOSCRIPT"):
            # The script did not run, so EVAL does not run it a second time.
            packed = pack_command(("EVAL", script_source(name), len(keys), *keys, *arguments))
            (reply,) = await self._exchange(packed, 1, run_id)
        _raise_errors([reply])
        return reply

    async def send(self, commands: Sequence[Sequence[Argument]], *, run_id: str = "") -> list[Any]:
        """Send commands in one round trip and return their replies. Raises as `script` does."""
        packed = b"".join([pack_command(tuple(command)) for command in commands])
        replies = await self._exchange(packed, len(commands), run_id)
        _raise_errors(replies)
        return replies

    async def _exchange(self, packed: bytes, replies: int, run_id: str) -> list[Any]:
        """Send commands once, on a connection that no other request uses at the same time."""
        self._count()
        received = await self._exclusive.send(packed, replies, run_id)
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
                raise self._read_error(reply) from reply
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
        packed = pack_command(("EVALSHA", script_sha(name), len(keys), *keys, *arguments))
        (reply,) = await self._request(packed, 1, run_id, dropped)
        if type(reply) is hiredis.ReplyError and str(reply).startswith("NOSCRIPT"):
            packed = pack_command(("EVAL", script_source(name), len(keys), *keys, *arguments))
            (reply,) = await self._request(packed, 1, run_id, dropped)
        if type(reply) is hiredis.ReplyError:
            raise self._read_error(reply) from reply
        return reply

    async def _request(self, packed: bytes, replies: int, run_id: str, dropped: Dropped | None = None) -> list[Any]:
        pipeline, fails_at = self._shared.pipeline(run_id), None
        if pipeline is None:
            pipeline, fails_at = await self._shared.connect(run_id)
        if run_id not in ("", self.last_run_id):
            self._record_run_id(run_id)
        self._count()
        received = pipeline.send(packed, replies, fails_at, dropped)
        try:
            return await received
        except asyncio.CancelledError:
            if dropped is not None and not received.cancelled() and received.exception() is None:
                dropped(received.result())
            raise

    def _record_run_id(self, run_id: str) -> None:
        self.last_run_id = run_id
        if run_id not in self.used_run_ids:
            self.used_run_ids.append(run_id)

    def _read_error(self, reply: hiredis.ReplyError) -> CacheUnavailable:
        """Return the error of a read that the server refused. Another server may stand behind the address by now."""
        error = unavailable(reply)
        if not isinstance(error, RedisFull):
            self._shared.replace()
        return error

    @asynccontextmanager
    async def bulk(self, run_id: str) -> AsyncIterator[BulkConnection]:
        """Open a connection for much data to one run of the server. Raises as `script` does."""
        async with bulk_connection(self._url, run_id, self._count) as connection:
            yield connection

    @asynccontextmanager
    async def listen(self, channel: bytes) -> AsyncIterator[Callable[[float], Awaitable[bytes | None]]]:
        """Subscribe to a channel, on a connection that all subscriptions share.

        Yields a function that waits some seconds for the next message, else returns None.

        Raises `CacheUnavailable`, also when the connection breaks later.
        """
        subscription = await self._subscriptions.subscribe(channel, SUBSCRIBE_TIMEOUT_SECONDS)
        try:
            yield subscription.next_message
        finally:
            self._subscriptions.unsubscribe(subscription)

    async def reconnect(self) -> None:
        """Let later requests open new connections, which may lead to another server behind the same address."""
        self._exclusive.discard_idle()
        self._shared.replace()
        await self._pool.disconnect(inuse_connections=False)

    async def run_id(self) -> str:
        """Return the run id of the server, which changes with each restart. Raises `CacheUnavailable`."""
        (reply,) = await self.send([("INFO", "server")])
        return parse_run_id(reply)


def _raise_errors(replies: Sequence[Any]) -> None:
    for reply in replies:
        if type(reply) is hiredis.ReplyError:
            # Redis refuses a script for lack of memory at its first write, so no script is left half done.
            raise unavailable(reply) from reply


@asynccontextmanager
async def redis_timeout(seconds: float | None) -> AsyncIterator[None]:
    """Raise `CacheUnavailable` if the block takes longer than `seconds`; None means no limit."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise unavailable(error) from error
