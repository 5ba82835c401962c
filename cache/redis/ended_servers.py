"""Notes in Redis about servers of PostgreSQL that another one has followed, for processes that still use them."""

from cache.redis.client import Redis
from cache.redis.keys import Keys, ended_server_key

NOTE_SECONDS = 7 * 24 * 3600


async def note_end(redis: Redis, workspace: str, server_start: str) -> None:
    """Note in the present Redis, also if it was restarted, that a server has ended. Raises `CacheUnavailable`."""
    await redis.send([("SET", ended_server_key(workspace, server_start), "1", "EX", NOTE_SECONDS)])


async def end_index(redis: Redis, workspace: str, epoch: int, redis_run_id: str) -> None:
    """Make the index of an ended server unreadable.

    A demoted PostgreSQL may still answer other processes, whose gate says `on`. Raises `CacheUnavailable`, and
    `IndexLost` if Redis was restarted.
    """
    await redis.send([("UNLINK", Keys(workspace, epoch).rev)], run_id=redis_run_id)


async def has_ended(redis: Redis, workspace: str, server_start: str) -> bool:
    """Return whether another server has followed the one that started then. Raises `CacheUnavailable`."""
    (exists,) = await redis.send([("EXISTS", ended_server_key(workspace, server_start))])
    return bool(exists)
