"""Runs an ASGI app with the server settings of a worker of the service."""

from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
from redis.asyncio import Redis

AsgiApp = Callable[..., Awaitable[Any]]
PAGE_SIZE = 50
# Values of the peers: the prefix is followed by the 16 bytes of the id. Each value is the JSON of one task.
VALUE_PREFIX = b"peer:task:"


def serve(app: AsgiApp, port: int) -> None:
    """Serve on loopback until a signal arrives: one process, uvloop, httptools, no access log."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
    )
    uvicorn.Server(config).run()


class TaskPages:
    """Pages of tasks, newest first, in the two calls to Redis that any server needs: the ids, then the values.

    Uses redis-py with its default pool. `index` is the sorted set of the ids, scored by creation. It has one member
    more than there are tasks: the beacon of the service, which comes last in this order.
    """

    def __init__(self, redis_url: str, index: str) -> None:
        self._redis = Redis.from_url(redis_url)
        self._index = index

    async def values(self, page: int) -> list[bytes]:
        """Return the values of the tasks of a page: ZREVRANGE, then MGET."""
        start = (page - 1) * PAGE_SIZE
        ids: Any = await self._redis.zrevrange(self._index, start, start + PAGE_SIZE - 1)
        found: Any = await self._redis.mget([VALUE_PREFIX + id_ for id_ in ids if id_])
        return [value for value in found if value is not None]

    async def scored(self, page: int) -> tuple[list[bytes], list[float], int]:
        """Return the values, the scores and the total of a page: ZREVRANGE and ZCARD in one call, then MGET."""
        start = (page - 1) * PAGE_SIZE
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.zrevrange(self._index, start, start + PAGE_SIZE - 1, withscores=True)
            pipeline.zcard(self._index)
            members, size = await pipeline.execute()
        tasks = [(id_, score) for id_, score in members if id_]
        values: Any = await self._redis.mget([VALUE_PREFIX + id_ for id_, _ in tasks])
        return values, [score for _, score in tasks], size - 1
