"""The memory of a Redis server."""

from cache.redis.client import Redis


async def used_share(redis: Redis, run_id: str) -> float:
    """Return which share of its memory limit a run of the server uses, and 0 without a limit.

    Raises `CacheUnavailable`, or `OtherRedis` if the server has another run id.
    """
    (info,) = await redis.send([("INFO", "memory")], run_id=run_id)
    fields = dict(line.split(b":", 1) for line in info.splitlines() if b":" in line)
    limit = int(fields.get(b"maxmemory", 0))
    return int(fields[b"used_memory"]) / limit if limit else 0.0
