"""The choice of the topology by the scheme of REDIS_URL."""

from urllib.parse import urlsplit

from cache.redis.cluster import Cluster
from cache.redis.sentinel import SentinelPrimary
from cache.redis.server import ConnectionLimits
from cache.redis.several_hosts import CLUSTER_SCHEMES, SENTINEL_SCHEMES, parse_several_hosts
from cache.redis.topology import OneServer, Topology


def topology_of(url: str, limits: ConnectionLimits) -> Topology:
    """Return the topology that a URL names. Raises `ValueError`."""
    scheme = urlsplit(url).scheme
    if scheme in SENTINEL_SCHEMES:
        return SentinelPrimary(parse_several_hosts(url), limits)
    if scheme in CLUSTER_SCHEMES:
        return Cluster(parse_several_hosts(url), limits)
    return OneServer(url, limits)
