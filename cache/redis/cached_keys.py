"""The keys of the entries on a server, and how much each is used."""

from collections.abc import AsyncIterator

from cache.redis.client import Redis
from cache.redis.memory import memory_info

SCAN_COUNT = 1000


async def cached_keys(redis: Redis) -> AsyncIterator[list[tuple[bytes, int]]]:
    """Yield the keys of the entries of all workspaces on the server of one, in batches. Raises `CacheUnavailable`.

    Each key comes with its use of late, from 0 to 255, as Redis estimates it to choose what to evict; always 0 if Redis
    evicts by another rule. Keys that are added or removed during the call may be missing.
    """
    knows_use = (await memory_info(redis)).get(b"maxmemory_policy", b"").endswith(b"lfu")
    cursor = b"0"
    while True:
        [(cursor, keys)] = await redis.send([("SCAN", cursor, "MATCH", "*:task:*", "COUNT", SCAN_COUNT)])
        uses = await redis.send([("OBJECT", "FREQ", key) for key in keys]) if knows_use and keys else [0] * len(keys)
        yield [(key, use or 0) for key, use in zip(keys, uses, strict=True)]
        if cursor == b"0":
            return
