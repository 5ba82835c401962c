"""The two hosts of a run, its proxies between them, and a Redis cluster on both of them."""

import asyncio
import socket
from pathlib import Path

from redis.crc import key_slot

from tests.faults.proxy import Proxy
from tests.faults.redis_groups import ShardedRedis
from tests.support.network import Host, Network
from tests.support.redis_cluster import SLOTS, RedisCluster

# The lone primary would notice the partition only after this time, in milliseconds. So there are two primaries.
LONE_NODE_TIMEOUT_MS = 600_000
PRIMARIES = 3


class DoorProxy(Proxy):
    """Listens on loopback of this machine and forwards to a port on loopback of a host."""

    def __init__(self, host: Host, port: int) -> None:
        super().__init__(Path())
        self._host, self._target = host, port

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        with self._host.entered():
            connection = socket.socket()
        connection.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", self._target))
        except OSError:
            connection.close()
            raise
        return await asyncio.open_connection(sock=connection)


class StoreProxy(Proxy):
    """Listens on the address of a host and forwards to the Unix socket of a store."""

    def __init__(self, host: Host, store: Path) -> None:
        super().__init__(store)
        self._host = host
        self.address = host.address

    async def _listen(self) -> asyncio.Server:
        with self._host.entered():
            listening = socket.create_server((self._host.address, self.port))
        return await asyncio.start_server(self._accept, sock=listening)


class DividedRedis(ShardedRedis):
    """A cluster with the primary of the default workspace on the first host, and everything else on the second."""

    def __init__(self, folder: Path, maxmemory: str, network: Network) -> None:
        super().__init__(folder, maxmemory)
        first, second = network.hosts
        at = key_slot(b"default") * PRIMARIES // SLOTS
        hosts = dict.fromkeys(range(-1, PRIMARIES), second) | {at: first}
        (folder / "divided").mkdir()
        self.cluster = RedisCluster(folder / "divided", replicas=True, hosts=hosts)
        self.lone, self.heir = self.cluster.primaries[at], self.cluster.replicas[at]
        self._last = self.lone
        self.lone.add_options("--cluster-node-timeout", str(LONE_NODE_TIMEOUT_MS))
        self.url = f"redis+cluster://{self.lone.address}:{self.lone.port},{self.heir.address}:{self.heir.port}"

    async def restore(self) -> None:
        """Make the lone node the primary again, once it is a replica in sync."""
        await self.settle()
        await asyncio.to_thread(self.lone.run, "CLUSTER", "FAILOVER")
        async with asyncio.timeout(60):
            while self.primary() is not self.lone or self.heir.is_primary:  # noqa: ASYNC110 (no event is set)
                await asyncio.sleep(0.02)
        await self.settle()
