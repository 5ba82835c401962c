"""What the servers of Redis hold: their memory and their keys."""

from typing import Any, NamedTuple

from redis.exceptions import RedisError

from cache.redis.client import Redis
from cache.redis.failures import unavailable


class ServerSizes(NamedTuple):
    """The memory in bytes, its limit (0: none), the keys with an expiry, and the keys that were ever evicted."""

    used_bytes: int
    max_bytes: int
    entries: int
    evicted: int


async def server_sizes(redis: Redis) -> ServerSizes:
    """Return the sizes of all servers together. Raises `CacheUnavailable`."""
    total = ServerSizes(0, 0, 0, 0)
    for server in await redis.primaries():
        try:
            found = _sizes(await server.client.info())
        except (RedisError, OSError, TimeoutError) as error:
            raise unavailable(error, server.name) from error
        total = ServerSizes(*map(sum, zip(total, found, strict=True)))
    return total


def _sizes(info: dict[str, Any]) -> ServerSizes:
    # Nearly all keys with an expiry are entries of tasks.
    entries = sum(each["expires"] for name, each in info.items() if name.startswith("db") and isinstance(each, dict))
    return ServerSizes(info["used_memory"], info.get("maxmemory", 0), entries, info.get("evicted_keys", 0))
