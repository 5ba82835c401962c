"""The memory of a Redis server."""

from cache.redis.client import Redis


async def memory_info(redis: Redis, run_id: str = "") -> dict[bytes, bytes]:
    """Return what a server says about its memory. With `run_id`, ask this run of the server or none.

    Raises `CacheUnavailable`, or `OtherRedis` if the server has another run id.
    """
    (info,) = await redis.send([("INFO", "memory")], run_id=run_id)
    lines = (line.partition(b":") for line in info.splitlines())
    return {name: value for name, _, value in lines}


async def used_share(redis: Redis, run_id: str) -> float:
    """Return which share of its memory limit a run of the server uses, and 0 without a limit. Raises the same."""
    fields = await memory_info(redis, run_id)
    limit = int(fields.get(b"maxmemory", 0))
    return int(fields[b"used_memory"]) / limit if limit else 0.0
