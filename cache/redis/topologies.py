"""The choice of the topology by the scheme of REDIS_URL."""

from urllib.parse import urlsplit

from cache.redis.cluster import Cluster
from cache.redis.sentinel import SentinelPrimary
from cache.redis.server import ConnectionLimits, Server
from cache.redis.several_hosts import CLUSTER_SCHEMES, SENTINEL_SCHEMES, parse_several_hosts
from cache.redis.topology import OneServer, Topology
from cache.redis.url import check_url, explain_refusal


def topology_of(url: str, limits: ConnectionLimits) -> Topology:
    """Return the topology that a URL names. Raises `MalformedUrl`."""
    check_url(url)
    scheme = urlsplit(url).scheme
    try:
        if scheme not in SENTINEL_SCHEMES + CLUSTER_SCHEMES:
            return OneServer(url, limits)
        hosts = parse_several_hosts(url)
        # Connections to the servers come later. Their options are checked now.
        Server(hosts.server_url(*hosts.hosts[0]), limits)
        return SentinelPrimary(hosts, limits) if scheme in SENTINEL_SCHEMES else Cluster(hosts, limits)
    except (TypeError, ValueError) as error:  # how the library refuses options
        raise explain_refusal(error) from None
