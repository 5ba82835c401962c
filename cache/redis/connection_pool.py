"""Connections to Redis for requests that must not share one: each is lent to one request at a time."""

import asyncio
from contextvars import Context
from typing import Any

import hiredis

from cache.errors import CacheUnavailable, OtherRedis
from cache.redis.endpoint import Endpoint
from cache.redis.failures import MOVED, unavailable
from cache.redis.pipeline import Pipeline
from cache.redis.shared_connection import open_pipeline
from db.errors import name_server

_REPLACED = ConnectionError("The connection was replaced.")


class ConnectionPool:
    """Lends up to `size` connections to one address. A request is sent once, on a connection of its own.

    `timeout_seconds` limits the wait for a free connection, the opening of one, and the wait for the replies.
    """

    def __init__(self, endpoint: Endpoint, size: int, timeout_seconds: float) -> None:
        self._endpoint = endpoint
        self._timeout_seconds = timeout_seconds
        self._free = asyncio.Semaphore(size)
        self._idle: list[Pipeline] = []
        self._pipelines: set[Pipeline] = set()
        self._closed = False

    async def send(self, packed: bytes, replies: int, run_id: str) -> list[Any]:
        """Send packed commands and return their replies, which may be instances of `hiredis.ReplyError`.

        With `run_id`, send them to that run of the server or not at all. Raises `CacheUnavailable`, or `OtherRedis` if
        the server has another run id.
        """
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()  # returns at once
        try:
            pipeline = self._take(run_id) or await self.connect(run_id)
            try:
                received = await pipeline.send(packed, replies, at_once=True)
            except asyncio.CancelledError:
                # The reply is still to come, and the next request must not wait behind it.
                pipeline.close(ConnectionError("The request was cancelled."))
                raise
            if any(type(reply) is hiredis.ReplyError and not _is_harmless(reply) for reply in received):
                pipeline.close(_REPLACED)
                self.discard_idle()
            else:
                self._idle.append(pipeline)
            return received
        finally:
            self._free.release()

    async def connect(self, run_id: str) -> Pipeline:
        """Open a connection, which counts towards `size` only if `send` has opened it. Raises as `send` does."""
        if self._closed:  # an abandoned load must not open a connection that is never closed
            raise CacheUnavailable
        try:
            pipeline = await self._open()
        except (OSError, TimeoutError, CacheUnavailable, hiredis.ReplyError) as error:
            raise unavailable(error, self._endpoint.name) from error
        if self._closed or run_id not in ("", pipeline.run_id):
            pipeline.close(ConnectionError("The connection leads to another server."))
            raise name_server(CacheUnavailable() if self._closed else OtherRedis(), self._endpoint.name)
        return pipeline

    def discard_idle(self) -> None:
        """Close the idle connections, because another server may stand behind the address by now."""
        for pipeline in self._idle:
            pipeline.close(_REPLACED)
        self._idle.clear()

    async def aclose(self) -> None:
        """Close the connections. Requests in flight fail, and so do later ones."""
        self._closed = True
        pipelines = list(self._pipelines)
        for pipeline in pipelines:
            pipeline.close(ConnectionError("The client was closed."))
        await asyncio.gather(*(pipeline.closed for pipeline in pipelines))

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await self._free.acquire()
        except TimeoutError as error:
            raise unavailable(error, self._endpoint.name) from error

    def _take(self, run_id: str) -> Pipeline | None:
        """Return an idle connection. One that is left over from another run of the server is closed."""
        while self._idle:
            pipeline = self._idle.pop()
            if pipeline.is_open and run_id in ("", pipeline.run_id):
                return pipeline
            pipeline.close(_REPLACED)
        return None

    async def _open(self) -> Pipeline:
        # In a context of its own, because the connection outlives the request that happens to open it.
        opening = asyncio.get_running_loop().create_task(
            open_pipeline(self._endpoint, self._timeout_seconds, self._pipelines), context=Context()
        )
        try:
            return await opening
        except asyncio.CancelledError:
            if opening.done() and not opening.cancelled() and opening.exception() is None:
                opening.result().close(ConnectionError("The request was cancelled."))
            raise


def _is_harmless(error: hiredis.ReplyError) -> bool:
    """Return whether the right server may answer with this error. A node of a cluster may be right for other slots."""
    return str(error).startswith(("NOSCRIPT", "OOM", *MOVED))
