"""The connection to Redis: scripts and reads, each one round trip, and its errors translated."""

from collections.abc import AsyncIterator, Callable, Sequence
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
from redis.exceptions import NoScriptError, RedisError

from cache.errors import CacheUnavailable

SCRIPTS = Path(__file__).parent / "scripts"
Verb = Literal["mark", "publish", "abort", "add", "lease", "fill", "scrub", "sweep", "page"]
Argument = bytes | str | int


@cache
def source(verb: Verb) -> str:
    """The text of a script; all but the page script begin with the prelude."""
    text = (SCRIPTS / f"{verb}.lua").read_text()
    return text if verb == "page" else (SCRIPTS / "prelude.lua").read_text() + text


@cache
def _sha(verb: Verb) -> str:
    return sha1(source(verb).encode()).hexdigest()  # noqa: S324 (the name Redis gives a script)


class _PackedInC:
    """Packs commands with hiredis; redis-py itself does so in Python where it is asyncio, many times as slow."""

    def pack_command(self, *arguments: Any) -> list[bytes]:
        """A command in the protocol of Redis."""
        name, *others = arguments
        words = name.split() if isinstance(name, str) else [name]
        return [hiredis.pack_command((*words, *others))]


class Redis:
    """A pool of connections; `count` is told of every round trip, for the accounting.

    Nothing is ever sent twice: the client's own retries are off, because a mark that comes a second
    time, late, is a mark that nobody clears.
    """

    def __init__(
        self,
        url: str,
        *,
        connections: int = 64,
        timeout: float = 5.0,
        count: Callable[[], None] = lambda: None,
    ) -> None:
        self._count = count
        pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=connections,
            timeout=timeout,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
        )
        kind = pool.connection_class
        pool.connection_class = type(kind.__name__, (_PackedInC, kind), {})
        self.client: redis.Redis = redis.Redis.from_pool(pool)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.client.aclose()

    async def script(self, verb: Verb, keys: Sequence[bytes], *arguments: Argument) -> Any:
        """Runs one script. Raises `CacheUnavailable`."""
        async with _translated():
            self._count()
            try:
                return await self.client.evalsha(_sha(verb), len(keys), *keys, *arguments)
            except NoScriptError:  # it was not run: sending it whole sends nothing twice
                self._count()
                return await self.client.eval(source(verb), len(keys), *keys, *arguments)

    async def mget(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values of the keys, in their order. Raises `CacheUnavailable`."""
        async with _translated():
            self._count()
            values: list[Any] = await self.client.mget(keys)
            return values

    async def run_id(self) -> str:
        """The name of this run of the server: another after each restart."""
        async with _translated():
            self._count()
            return str((await self.client.info("server"))["run_id"])

    @asynccontextmanager
    async def pipeline(self) -> AsyncIterator["Batch"]:
        """Commands that go in one round trip when the block ends. Raises `CacheUnavailable`."""
        async with _translated(), self.client.pipeline(transaction=False) as commands:
            batch = Batch(commands)
            yield batch
            self._count()
            batch.replies = await commands.execute()


class Batch:
    """Commands to send, and, once the block has ended, their replies in order."""

    def __init__(self, commands: Any) -> None:
        self._commands = commands
        self.replies: list[Any] = []

    def __getattr__(self, command: str) -> Any:
        return getattr(self._commands, command)


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise CacheUnavailable from error
