"""A Redis cluster and a primary with sentinels in place of the single Redis of a run, with their faults."""

import asyncio
from abc import abstractmethod
from contextlib import suppress
from pathlib import Path

import redis
import redis.asyncio as async_redis
from redis.crc import key_slot

from tests.faults.stores import RedisServer
from tests.support.redis_cluster import ClusterNode, RedisCluster
from tests.support.redis_server import RedisProcess
from tests.support.sentinels import NAME, SentinelGroup

RECOVERY_SECONDS = 60.0


class RedisGroup(RedisServer):
    """Several servers. One is the primary of the default workspace, and the faults are those of this primary."""

    def __init__(self, folder: Path, maxmemory: str = "64mb") -> None:
        super().__init__(folder, maxmemory)
        self._clients: dict[RedisProcess, async_redis.Redis] = {}
        self.victim: RedisProcess | None = None

    @property
    def client(self) -> async_redis.Redis:
        """A client of the present primary."""
        primary = self.primary()
        if primary not in self._clients:
            self._clients[primary] = async_redis.Redis(unix_socket_path=str(primary.socket), socket_timeout=5)
        return self._clients[primary]

    @abstractmethod
    def primary(self) -> RedisProcess:
        """Return the present primary of the default workspace."""

    @abstractmethod
    def rejoin(self) -> None:
        """Wait until the victim is a replica in sync."""

    async def kill(self) -> None:
        """Kill the primary."""
        self.victim = self.primary()
        self.victim.kill()

    def suspend(self) -> None:
        """Suspend the primary."""
        self.victim = self.primary()
        self.victim.suspend()

    def resume(self) -> None:
        """Resume the suspended server, which still acts as the primary."""
        assert self.victim is not None
        self.victim.resume()

    async def restart(self) -> None:
        """Start the killed server again, empty."""
        assert self.victim is not None
        await asyncio.to_thread(self.victim.start)

    async def settle(self) -> None:
        """Wait until every server is a primary or a replica in sync."""
        async with asyncio.timeout(RECOVERY_SECONDS):
            await asyncio.to_thread(self.rejoin)

    async def evict(self, share: float, seed: int) -> None:
        """Evict this share of the entries, unless the primary is just replaced."""
        with suppress(redis.RedisError, OSError):
            await super().evict(share, seed)

    async def stop(self) -> None:
        """Close the clients. A subclass ends the servers."""
        for client in self._clients.values():
            await client.aclose()


class ShardedRedis(RedisGroup):
    """A cluster of three primaries and three replicas."""

    def __init__(self, folder: Path, maxmemory: str = "64mb") -> None:
        super().__init__(folder, maxmemory)
        self.cluster = RedisCluster(folder, replicas=True)
        self.url = self.cluster.url
        self.slot = key_slot(b"default")
        self._last = self.cluster.primaries[0]

    async def start(self) -> None:
        """Start all nodes."""
        await asyncio.to_thread(self.cluster.start)

    async def stop(self) -> None:
        """End all nodes."""
        await super().stop()
        self.cluster.stop()

    def primary(self) -> ClusterNode:
        """Return the primary of the slot, as a node that runs knows it."""
        for node in self.cluster.nodes:
            if node is not self.victim:
                with suppress(redis.RedisError):
                    self._last = self.cluster.primary_of(self.slot, node)
                    break
        return self._last

    def rejoin(self) -> None:
        """Wait until three nodes are primaries and three are replicas in sync."""
        self.victim = None
        self.cluster.wait_until_in_sync()

    async def move(self, target: ClusterNode, pause_seconds: float) -> None:
        """Move the slot to another primary, with its keys after a pause."""
        source = self.primary()
        self.cluster.begin_move(self.slot, source, target)
        await asyncio.sleep(pause_seconds)
        await asyncio.to_thread(self.cluster.finish_move, self.slot, source, target)


class WatchedRedis(RedisGroup):
    """A primary with a replica and three sentinels."""

    def __init__(self, folder: Path, maxmemory: str = "64mb") -> None:
        super().__init__(folder, maxmemory)
        self.group = SentinelGroup(folder)
        self.url = self.group.url

    async def start(self) -> None:
        """Start all processes."""
        await asyncio.to_thread(self.group.start)
        await self.group.wait_until_complete()

    async def stop(self) -> None:
        """End all processes."""
        await super().stop()
        self.group.stop()

    def primary(self) -> RedisProcess:
        """Return the primary that a sentinel names."""
        with redis.Redis(port=self.group.ports[0]) as sentinel:
            _, port = sentinel.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)
        [primary] = [server for server in self.group.servers if server.port == int(port)]
        return primary

    def rejoin(self) -> None:
        """Wait until the sentinels have made the victim a replica."""
        self.victim = None
        self.group.wait_until_in_sync()
