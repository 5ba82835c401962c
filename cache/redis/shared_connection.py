"""The connection to Redis that all reads of a process share. It is opened on demand and replaced when it fails."""

import asyncio
import socket
from collections.abc import Callable, Mapping
from contextvars import Context

import hiredis
import redis.asyncio as redis
from redis.asyncio.connection import AbstractConnection

from cache.errors import CacheUnavailable, OtherRedis
from cache.redis.endpoint import IDENTIFY, Endpoint
from cache.redis.failures import unavailable
from cache.redis.pipeline import Pipeline, pack_command
from db.errors import name_server

# How long a connection to a server that may be replaced stays open without a request. Two failovers take longer.
MAX_IDLE_SECONDS = 1.0


class SharedConnection:
    """Opens pipelines to one address and keeps the current one.

    At most one is being opened at a time, for all callers that need one. Redis may execute a request whose reply is
    lost, so only requests that may be repeated belong here.
    """

    def __init__(self, endpoint: Endpoint, timeout_seconds: float) -> None:
        self._endpoint = endpoint
        self._timeout_seconds = timeout_seconds
        self._current: Pipeline | None = None
        # The current pipeline, and those that it replaced and that still wait for replies.
        self._pipelines: set[Pipeline] = set()
        self._opening: asyncio.Task[Pipeline] | None = None
        self._opened = 0
        self._closed = False

    def pipeline(self, run_id: str) -> Pipeline | None:
        """Return the current pipeline if it is open and leads to this run of the server. "" stands for any run."""
        pipeline = self._current
        if pipeline is not None and pipeline.is_open and (pipeline.run_id == run_id or not run_id):
            return pipeline
        return None

    async def connect(self, run_id: str) -> tuple[Pipeline, float]:
        """Return an open pipeline to this run of the server, and the time at which the caller's request fails.

        The current pipeline may be left over from an earlier run. One that was opened after this call decides.

        Raises `CacheUnavailable` after the timeout or if the connection fails, `OtherRedis` if the server has another
        run id.
        """
        fails_at = asyncio.get_running_loop().time() + self._timeout_seconds
        opened_before = self._opened
        while (pipeline := self.pipeline(run_id)) is None:
            opened = await self._next_pipeline(fails_at)
            if opened.number > opened_before and self.pipeline(run_id) is None:
                raise name_server(OtherRedis() if opened.is_open else CacheUnavailable(), self._endpoint.name)
        return pipeline, fails_at

    def replace(self) -> None:
        """Let the next request open a new connection. Requests in flight still get their replies."""
        if self._current is not None:
            self._current.retire()

    async def aclose(self) -> None:
        """Close the connection. Requests in flight fail, and so do later ones."""
        self._closed = True
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait({self._opening})
        pipelines = list(self._pipelines)
        for pipeline in pipelines:
            pipeline.close(ConnectionError("The client was closed."))
        await asyncio.gather(*(pipeline.closed for pipeline in pipelines))

    async def _next_pipeline(self, fails_at: float) -> Pipeline:
        """Wait for the connection that is being opened, or begin to open one."""
        if self._closed:  # an abandoned load must not open a connection that is never closed
            raise CacheUnavailable
        loop = asyncio.get_running_loop()
        if self._opening is None:
            self._opened += 1
            # In a context of its own, because the connection outlives the request that happens to open it.
            self._opening = loop.create_task(
                open_pipeline(self._endpoint, self._timeout_seconds, self._pipelines, self._opened), context=Context()
            )
            self._opening.add_done_callback(self._adopt)
        opening = self._opening
        await asyncio.wait({opening}, timeout=max(0.0, fails_at - loop.time()))
        if not opening.done():
            raise unavailable(TimeoutError(), self._endpoint.name)
        if opening.cancelled():
            raise CacheUnavailable
        if (error := opening.exception()) is not None:
            raise unavailable(error, self._endpoint.name) from error
        return opening.result()

    def _adopt(self, opening: asyncio.Task[Pipeline]) -> None:
        """Make the opened pipeline the current one. Looks at the error of the task too: no caller may be waiting."""
        self._opening = None
        if opening.cancelled() or opening.exception() is not None:
            return
        self.replace()
        self._current = opened = opening.result()
        if self._endpoint.replaceable:
            self._close_when_idle(opened, opened.sent)

    def _close_when_idle(self, pipeline: Pipeline, sent: int) -> None:
        """Replace a connection without requests. The server may become a replica, and a primary again, unnoticed."""

        def look() -> None:
            if pipeline.is_open and pipeline.sent > sent:
                self._close_when_idle(pipeline, pipeline.sent)
            elif pipeline.is_open:
                pipeline.retire()

        asyncio.get_running_loop().call_later(MAX_IDLE_SECONDS, look, context=Context())


async def open_pipeline(
    endpoint: Endpoint, timeout_seconds: float, pipelines: set[Pipeline], number: int = 0
) -> Pipeline:
    """Connect, log in, and read the server's run id. `pipelines` holds the pipeline until its socket is closed.

    Raises `OSError` or `TimeoutError`, `hiredis.ReplyError` if the server refuses the connection, or `CacheUnavailable`
    if the server is a replica.
    """
    address, limit = endpoint.address, timeout_seconds
    if address.socket_connect_timeout is not None:
        limit = min(limit, address.socket_connect_timeout)
    async with asyncio.timeout(limit):
        pipeline = await _connect(address, lambda: Pipeline(timeout_seconds, number))
        pipeline.server = endpoint.name
        pipelines.add(pipeline)
        pipeline.closed.add_done_callback(lambda _: pipelines.discard(pipeline))
        try:
            _keep_alive(pipeline, address)
            pipeline.run_id = await _handshake(pipeline, endpoint)
        except BaseException:
            pipeline.close(ConnectionError("The connection was not completed."))
            raise
        return pipeline


async def _connect(address: AbstractConnection, create: Callable[[], Pipeline]) -> Pipeline:
    loop = asyncio.get_running_loop()
    if isinstance(address, redis.UnixDomainSocketConnection):
        return (await loop.create_unix_connection(create, address.path))[1]
    assert isinstance(address, redis.Connection)
    ssl = address.ssl_context.get() if isinstance(address, redis.SSLConnection) else None
    return (await loop.create_connection(create, address.host, address.port, ssl=ssl))[1]


def _keep_alive(pipeline: Pipeline, address: AbstractConnection) -> None:
    """Let the kernel probe an idle TCP connection, so that a firewall does not forget it."""
    if isinstance(address, redis.Connection) and address.socket_keepalive:
        options: Mapping[int, int] = address.socket_keepalive_options  # type: ignore[assignment]
        pipeline.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in options.items():
            pipeline.socket.setsockopt(socket.IPPROTO_TCP, option, value)


async def _handshake(pipeline: Pipeline, endpoint: Endpoint) -> str:
    """Log in and select the database as the pool of the Redis client does. Return the server's run id."""
    address = endpoint.address
    hello: tuple[str | int, ...] = ("HELLO", address.protocol)
    if address.username or address.password:
        hello += ("AUTH", address.username or "default", address.password or "")
    commands = [hello]
    if address.client_name:
        commands.append(("CLIENT", "SETNAME", address.client_name))
    if address.db:
        commands.append(("SELECT", address.db))
    commands += IDENTIFY
    replies = await pipeline.send(b"".join(map(pack_command, commands)), len(commands))
    for reply in replies:
        if isinstance(reply, hiredis.ReplyError):
            raise reply
    return endpoint.parse_run_id(*replies[-2:])
