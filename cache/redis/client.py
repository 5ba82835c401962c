"""The connection to Redis: scripts and reads, each one round trip, and its errors translated."""

import asyncio
import re
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
from redis.exceptions import NoScriptError, OutOfMemoryError, RedisError
from redis.maint_notifications import MaintNotificationsConfig

from cache.errors import CacheUnavailable, OtherRedis, RedisFull

SCRIPTS = Path(__file__).parent / "scripts"
# Seconds within which Redis confirms that one listens.
CONFIRMED = 2.0
ScriptName = Literal["mark", "publish", "abort", "add", "lease", "fill", "scrub", "sweep", "page", "counts", "announce"]
Argument = bytes | str | int
_pack: Callable[[tuple[Argument, ...]], bytes] = hiredis.pack_command  # type: ignore[assignment]


@cache
def source(verb: ScriptName) -> str:
    """The text of a script; all but the page script begin with the prelude."""
    text = (SCRIPTS / f"{verb}.lua").read_text()
    return text if verb == "page" else (SCRIPTS / "prelude.lua").read_text() + text


@cache
def sha(verb: ScriptName) -> str:
    """The name of a script."""
    return sha1(source(verb).encode()).hexdigest()  # noqa: S324 (the name Redis gives a script)


async def _connected(connection: Any) -> None:
    """Asks a new connection for the run id: another server behind the same address has another one."""
    await connection.on_connect()
    await connection.send_command("INFO", "server")
    connection.run_id = _run_id(await connection.read_response())


class Redis:
    """A pool of connections; `count` is told of every round trip, for the metrics.

    Nothing is ever sent twice: the client's own retries are off, because a mark that comes a second
    time, late, is a mark that nobody clears.
    """

    def __init__(
        self,
        url: str,
        *,
        connections: int = 64,
        timeout: float = 2.0,
        count: Callable[[], None] = lambda: None,
    ) -> None:
        self._count = count
        self._closed = False
        # The run of the server that was asked last, by who named one.
        self.met = ""
        self._pool = redis.BlockingConnectionPool.from_url(
            url,
            protocol=3,
            max_connections=connections,
            timeout=timeout,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
            redis_connect_func=_connected,
            # With them the pool lends connections that were closed while nobody used them.
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )
        self.client: redis.Redis = redis.Redis.from_pool(self._pool)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closed = True
        await self.client.aclose()

    async def script(self, verb: ScriptName, keys: Sequence[bytes], *arguments: Argument, run_id: str = "") -> Any:
        """Runs one script; on this run of the server and no other, if one is named. Raises `CacheUnavailable`."""
        async with self._lent(run_id) as ask:
            try:
                (reply,) = await ask(("EVALSHA", sha(verb), len(keys), *keys, *arguments))
            except NoScriptError:  # it was not run: sending it whole sends nothing twice
                (reply,) = await ask(("EVAL", source(verb), len(keys), *keys, *arguments))
            return reply

    async def send(self, commands: Sequence[Sequence[Argument]], *, run_id: str = "") -> list[Any]:
        """The replies to commands that go together, in one round trip. Raises `CacheUnavailable`."""
        async with self._lent(run_id) as ask:
            return await ask(*commands)

    @asynccontextmanager
    async def _lent(self, run_id: str) -> AsyncIterator[Callable[..., Awaitable[list[Any]]]]:
        """A connection for one question and its answer. One that may still have an answer to come is closed."""

        async def ask(*commands: Sequence[Argument]) -> list[Any]:
            self._count()
            try:
                await connection.send_packed_command([_pack(tuple(command)) for command in commands])
                return [await connection.read_response() for _ in commands]
            except NoScriptError:
                raise
            except BaseException:
                await connection.disconnect(nowait=True)
                raise

        if self._closed:  # a load that nobody waits for any more must not open a connection that nobody closes
            raise CacheUnavailable
        async with _translated():
            connection: Any = await self._pool.get_connection()  # type: ignore[no-untyped-call]
            try:
                if run_id and connection.run_id != run_id:
                    # It may just be old: of a run that is no more, and not used since.
                    await connection.disconnect(nowait=True)
                    await connection.connect()
                    if connection.run_id != run_id:
                        raise OtherRedis
                self.met = run_id or self.met
                yield ask
            finally:
                await self._pool.release(connection)

    @asynccontextmanager
    async def listen(self, channel: bytes) -> AsyncIterator[Callable[[float], Awaitable[bytes | None]]]:
        """What is told on a channel, from when the block begins: the next message, or none within so many seconds.

        Raises `CacheUnavailable`, also when the connection is lost later.
        """
        async with _translated(), self.client.pubsub() as listener:
            await listener.subscribe(channel)

            async def following(seconds: float) -> bytes | None:
                async with _translated():
                    message = await listener.get_message(ignore_subscribe_messages=True, timeout=seconds)
                return None if message is None else message["data"]

            async with _translated():
                if await listener.get_message(timeout=CONFIRMED) is None:
                    raise TimeoutError
            yield following

    async def run_id(self) -> str:
        """The name of this run of the server: another after each restart. Raises `CacheUnavailable`."""
        (reply,) = await self.send([("INFO", "server")])
        return _run_id(reply)


def _run_id(info: bytes) -> str:
    found = re.search(rb"^run_id:(\w+)", info, re.MULTILINE)
    return found[1].decode() if found else ""


@asynccontextmanager
async def within(seconds: float | None) -> AsyncIterator[None]:
    """For one who will not wait longer for Redis. Raises `CacheUnavailable`."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise CacheUnavailable from error


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except OutOfMemoryError as error:  # of a write that came before any other of its script: nothing is done by half
        raise RedisFull from error
    except (RedisError, OSError, TimeoutError) as error:
        raise CacheUnavailable from error
