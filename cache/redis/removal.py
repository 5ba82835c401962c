"""The removal of all keys of a workspace from Redis."""

from cache.redis.client import Redis

SCAN_COUNT = 1000


async def remove_keys(redis: Redis, workspace: str) -> int:
    """Remove every key of a workspace, of whatever epoch, and return their number. Raises `CacheUnavailable`.

    Reads the names of all keys in Redis, in batches. A name of a workspace has no character that a pattern gives a
    meaning.
    """
    removed, cursor = 0, b"0"
    while True:
        [(cursor, keys)] = await redis.send([("SCAN", cursor, "MATCH", f"{{{workspace}}}:*", "COUNT", SCAN_COUNT)])
        if keys:
            await redis.send([("UNLINK", *keys)])
            removed += len(keys)
        if cursor == b"0":
            return removed
