"""The topology of a Redis Cluster: each workspace is on the node of its slot."""

from collections.abc import Sequence

from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import RedisClusterException, RedisError
from redis.maint_notifications import MaintNotificationsConfig

from cache.errors import CacheUnavailable
from cache.redis.moving import MovingServers
from cache.redis.server import ConnectionLimits, Server
from cache.redis.several_hosts import SeveralHosts

# How long one node may take to name the slots. The next one is asked after that.
NODE_TIMEOUT_SECONDS = 0.2


class Cluster(MovingServers):
    """Finds the primary of each slot with the library's client of Redis Cluster, from any node that answers."""

    def __init__(self, hosts: SeveralHosts, limits: ConnectionLimits) -> None:
        super().__init__(hosts, limits, sharded=True)
        self._cluster = _client(hosts)
        # The nodes of each slot, primary first, as the last answer named them.
        self._nodes: dict[int, list[ClusterNode]] = {}
        # The servers of the slots that were looked up since the last answer.
        self._by_slot: dict[int, Server] = {}

    def slot(self, workspace: str) -> int:
        """Return the slot of the hash tag that all keys of a workspace share."""
        return key_slot(workspace.encode())

    def find(self, slot: int) -> Server | None:
        """Return the last known primary of a slot."""
        found = self._by_slot.get(slot)
        if found is None:
            nodes = self._nodes.get(slot)
            found = self._servers.get((nodes[0].host, int(nodes[0].port))) if nodes else None
            if found is not None:
                self._by_slot[slot] = found
        return found

    async def primaries(self) -> Sequence[Server]:
        """Return the primaries of all slots. Raises `CacheUnavailable`."""
        await self.ask(self._limits.timeout)
        return list(self._servers.values())

    async def _learn(self) -> None:
        nodes = self._cluster.nodes_manager
        try:
            await nodes.initialize()
        except (RedisClusterException, RedisError, OSError) as error:
            # The library asks only nodes that it has met. Begin again with the URL, whose names may lead to new ones.
            await self._close_sources()
            self._cluster = _client(self._hosts)
            raise CacheUnavailable(
                "No known node names the slots of the Redis cluster. Nothing was changed. Try again."
            ) from error
        self._adopt({(node.host, int(node.port)) for node in self._cluster.get_primaries()})
        self._nodes = nodes.slots_cache
        self._by_slot.clear()

    async def _close_sources(self) -> None:
        nodes = self._cluster.nodes_manager
        await nodes.aclose()
        await nodes.aclose("startup_nodes")


def _client(hosts: SeveralHosts) -> RedisCluster:
    """Return a client of the library that knows only the nodes in the URL."""
    first, *others = hosts.hosts
    return RedisCluster.from_url(
        hosts.server_url(*first),
        startup_nodes=[ClusterNode(host, port) for host, port in others],
        # While one shard is down, the workspaces of all others keep their indexes.
        require_full_coverage=False,
        socket_timeout=NODE_TIMEOUT_SECONDS,
        socket_connect_timeout=NODE_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
