"""Removal of indexes from Redis that no gate names any more."""

from cache.redis.client import Redis
from cache.redis.declared_views import DeclaredViews
from cache.redis.keys import Keys, epochs_key
from cache.redis.shape_steps import ShapeSteps
from db.gate import Gate


async def clear_epochs(redis: Redis, workspace: str, last: int) -> None:
    """Remove what the indexes of a workspace up to the epoch `last` have left in Redis. Raises `CacheUnavailable`."""
    (members,) = await redis.send([("SMEMBERS", epochs_key(workspace))])
    for epoch in sorted(map(int, members)):
        if epoch <= last:
            await clear_epoch(redis, workspace, epoch)


async def clear_epoch(redis: Redis, workspace: str, epoch: int) -> None:
    """Remove an index and its marks from Redis. Its entries have a TTL."""
    keys = Keys(workspace, epoch)
    steps = ShapeSteps(redis, Gate("off", epoch, ""), workspace, DeclaredViews({}))
    await redis.send([("UNLINK", keys.shapes)])
    for generation in await steps.stale_generations():
        await steps.clear(generation)
    marked, unsettled, *_ = await redis.send(
        [
            ("ZRANGE", keys.marks, 0, -1),
            ("ZRANGE", keys.unsettled, 0, -1),
            ("UNLINK", *keys.prelude, keys.changes, keys.unsettled, keys.warm),
            ("UNLINK", keys.holding, keys.reordering, keys.swept, keys.sweeps, keys.generations),
        ]
    )
    if marked or unsettled:
        await redis.send([("UNLINK", *(keys.entries + id_ for id_ in marked), *map(keys.record, unsettled))])
    await redis.send([("SREM", epochs_key(workspace), epoch)])
