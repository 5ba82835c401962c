"""The choice of the topology by REDIS_URL."""

from cache.redis.server import ConnectionLimits
from cache.redis.topology import OneServer, Topology


def topology_of(url: str, limits: ConnectionLimits) -> Topology:
    """Return the topology that a URL names. Raises `ValueError`."""
    return OneServer(url, limits)
