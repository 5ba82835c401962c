"""The connections to Redis: scripts and commands in one round trip each, with errors translated."""

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
SUBSCRIBE_TIMEOUT_SECONDS = 2.0
ScriptName = Literal["mark", "publish", "abort", "add", "lease", "fill", "scrub", "sweep", "page", "counts", "announce"]
Argument = bytes | str | int
_pack: Callable[[tuple[Argument, ...]], bytes] = hiredis.pack_command  # type: ignore[assignment]


@cache
def script_source(name: ScriptName) -> str:
    """Return the text of a script. All but the page script start with the prelude."""
    text = (SCRIPTS / f"{name}.lua").read_text()
    return text if name == "page" else (SCRIPTS / "prelude.lua").read_text() + text


@cache
def script_sha(name: ScriptName) -> str:
    """Return the SHA-1 by which Redis names a script."""
    return sha1(script_source(name).encode()).hexdigest()  # noqa: S324


async def _on_connect(connection: Any) -> None:
    """Read the server's run id, so that another server behind the same address is recognised."""
    await connection.on_connect()
    await connection.send_command("INFO", "server")
    connection.run_id = _parse_run_id(await connection.read_response())


class Redis:
    """A pool of connections. `count` is called for every round trip.

    Nothing is sent twice: the client's own retries are off. A mark that arrives a second time, late, is a mark that no
    writer clears.
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
        # The run id of the server that answered last, of those calls that name one.
        self.last_run_id = ""
        self._pool = redis.BlockingConnectionPool.from_url(
            url,
            protocol=3,
            max_connections=connections,
            timeout=timeout,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
            redis_connect_func=_on_connect,
            # With maintenance notifications the pool lends connections that were closed while idle.
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

    async def script(self, name: ScriptName, keys: Sequence[bytes], *arguments: Argument, run_id: str = "") -> Any:
        """Run one script and return its reply. With `run_id`, run it on that run of the server or not at all.

        Raises `CacheUnavailable`, or `OtherRedis` if the server has another run id.
        """
        async with self._exchange(run_id) as exchange:
            try:
                (reply,) = await exchange(("EVALSHA", script_sha(name), len(keys), *keys, *arguments))
            except NoScriptError:  # the script did not run, so EVAL does not run it a second time
                (reply,) = await exchange(("EVAL", script_source(name), len(keys), *keys, *arguments))
            return reply

    async def send(self, commands: Sequence[Sequence[Argument]], *, run_id: str = "") -> list[Any]:
        """Send commands in one round trip and return their replies. Raises as `script` does."""
        async with self._exchange(run_id) as exchange:
            return await exchange(*commands)

    @asynccontextmanager
    async def _exchange(self, run_id: str) -> AsyncIterator[Callable[..., Awaitable[list[Any]]]]:
        """Lend a connection for one exchange. A connection whose reply may still be in flight is closed."""

        async def exchange(*commands: Sequence[Argument]) -> list[Any]:
            self._count()
            try:
                await connection.send_packed_command([_pack(tuple(command)) for command in commands])
                return [await connection.read_response() for _ in commands]
            except NoScriptError:
                raise
            except BaseException:
                await connection.disconnect(nowait=True)
                raise

        if self._closed:  # an abandoned load must not open a connection that is never closed
            raise CacheUnavailable
        async with _translated():
            connection: Any = await self._pool.get_connection()  # type: ignore[no-untyped-call]
            try:
                if run_id and connection.run_id != run_id:
                    # The connection may be left over from an earlier run of the server. A new one decides.
                    await connection.disconnect(nowait=True)
                    await connection.connect()
                    if connection.run_id != run_id:
                        raise OtherRedis
                self.last_run_id = run_id or self.last_run_id
                yield exchange
            finally:
                await self._pool.release(connection)

    @asynccontextmanager
    async def listen(self, channel: bytes) -> AsyncIterator[Callable[[float], Awaitable[bytes | None]]]:
        """Subscribe to a channel. Yields a function that waits some seconds for the next message, else returns None.

        Raises `CacheUnavailable`, also when the connection breaks later.
        """
        async with _translated(), self.client.pubsub() as subscription:
            await subscription.subscribe(channel)

            async def next_message(seconds: float) -> bytes | None:
                async with _translated():
                    message = await subscription.get_message(ignore_subscribe_messages=True, timeout=seconds)
                return None if message is None else message["data"]

            async with _translated():
                if await subscription.get_message(timeout=SUBSCRIBE_TIMEOUT_SECONDS) is None:
                    raise TimeoutError
            yield next_message

    async def run_id(self) -> str:
        """Return the run id of the server, which changes with each restart. Raises `CacheUnavailable`."""
        (reply,) = await self.send([("INFO", "server")])
        return _parse_run_id(reply)


def _parse_run_id(info: bytes) -> str:
    found = re.search(rb"^run_id:(\w+)", info, re.MULTILINE)
    return found[1].decode() if found else ""


@asynccontextmanager
async def redis_timeout(seconds: float | None) -> AsyncIterator[None]:
    """Raise `CacheUnavailable` if the block takes longer than `seconds`; None means no limit."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise CacheUnavailable from error


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except OutOfMemoryError as error:  # raised at a script's first write, so no script is left half done
        raise RedisFull from error
    except (RedisError, OSError, TimeoutError) as error:
        raise CacheUnavailable from error
