"""Runs a Redis cluster as processes on loopback: primaries, and a replica of each where a test needs them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
from redis.crc import key_slot

from tests.support.network import Host
from tests.support.sentinels import TcpServer
from tests.support.service_process import free_port, until

SLOTS = 16384
# A silent node is failed over after this time. Without replicas, no test waits for that, and a busy machine must not
# make the nodes suspect each other.
FAILOVER_MS, NODE_TIMEOUT_MS = 1000, 3000


class ClusterNode(TcpServer):
    """A node, with the commands of a test."""

    def __init__(self, folder: Path, timeout_ms: int, host: Host | None = None) -> None:
        super().__init__(folder, host)
        self.bus_port = free_port()
        self.add_options("--cluster-enabled", "yes", "--cluster-node-timeout", str(timeout_ms))
        self.add_options("--cluster-require-full-coverage", "no", "--cluster-config-file", str(folder / "nodes.conf"))
        self.add_options("--cluster-announce-ip", self.address, "--cluster-port", str(self.bus_port))

    def run(self, *command: Any) -> Any:
        """Run a command on this node, and return the reply as Redis sends it. Raises `redis.RedisError`."""
        with self.client() as client:
            return client.execute_command(*command)

    @property
    def id(self) -> str:
        """The id of the node."""
        return str(self.run("CLUSTER", "MYID").decode())

    @property
    def is_primary(self) -> bool:
        """Whether the node calls itself a primary."""
        return bool(self.run("INFO", "replication")["role"] == "master")


class RedisCluster:
    """The nodes. `url` is that for REDIS_URL and names two of the primaries."""

    def __init__(
        self, folder: Path, *, primaries: int = 3, replicas: bool = False, hosts: Mapping[int, Host] | None = None
    ) -> None:
        """Initialize the nodes. hosts: that of each primary, by its number, and of the replicas at the number -1."""
        hosts = hosts or {}
        timeout_ms = FAILOVER_MS if replicas else NODE_TIMEOUT_MS
        self.primaries = [ClusterNode(folder / f"primary-{at}", timeout_ms, hosts.get(at)) for at in range(primaries)]
        copies = range(primaries if replicas else 0)
        self.replicas = [ClusterNode(folder / f"replica-{at}", timeout_ms, hosts.get(-1)) for at in copies]
        self.nodes = [*self.primaries, *self.replicas]
        self.url = f"redis+cluster://{','.join(f'{node.address}:{node.port}' for node in self.primaries[:2])}"

    def start(self) -> None:
        """Start the nodes. Wait until all of them know all slots, and the replicas are in sync."""
        for node in self.nodes:
            node.start()
        for number, node in enumerate(self.primaries):
            first, end = (SLOTS * at // len(self.primaries) for at in (number, number + 1))
            node.run("CLUSTER", "ADDSLOTSRANGE", first, end - 1)
            node.run("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        assert until(self._all_have_met)
        for primary, replica in zip(self.primaries, self.replicas, strict=False):
            assert until(lambda: _succeeds(replica, "CLUSTER", "REPLICATE", primary.id))  # noqa: B023
        for node in self.nodes:
            assert until(lambda: b"cluster_state:ok" in node.run("CLUSTER", "INFO"))  # noqa: B023
        for replica in self.replicas:
            assert until(lambda: replica.run("INFO", "replication")["master_link_status"] == "up")  # noqa: B023

    def _all_have_met(self) -> bool:
        """Return whether all nodes know each other. Otherwise let them meet: on a busy machine, this may fail."""
        met = True
        for node in self.nodes:
            known = [line for line in node.run("CLUSTER", "NODES").decode().splitlines() if "handshake" not in line]
            if len(known) < len(self.nodes):
                met = False
                for other in self.nodes:
                    if other is not node:
                        node.run("CLUSTER", "MEET", other.address, other.port, other.bus_port)
        return met

    def stop(self) -> None:
        """End all processes."""
        for node in self.nodes:
            node.kill()

    def workspace_on(self, node: ClusterNode) -> str:
        """Return the id of a workspace whose slot is on a primary, in the order of the start."""
        number = self.primaries.index(node)
        names = (f"workspace-{at}" for at in range(1000))
        return next(name for name in names if key_slot(name.encode()) * len(self.primaries) // SLOTS == number)

    def primary_of(self, slot: int, asked: ClusterNode) -> ClusterNode:
        """Return the primary of a slot, as one node knows it. Raises `redis.RedisError`."""
        for first, last, (_, port, *_), *_ in asked.run("CLUSTER", "SLOTS"):
            if first <= slot <= last:
                return next(node for node in self.nodes if node.port == port)
        raise redis.RedisError(slot)

    def wait_until_in_sync(self) -> None:
        """Wait until half of the nodes are primaries that know of each other, and the rest are replicas in sync."""
        for node in self.nodes:
            assert until(lambda: _is_settled(node, len(self.primaries)))  # noqa: B023

    def delete_slot(self, slot: int) -> None:
        """Take a slot from all nodes.

        A node takes the slot back when a message arrives that the owner sent before it lost the slot. So the nodes
        delete it until two rounds in a row find it nowhere: between them, each node reads what has arrived.
        """

        def nodes_with_it() -> list[ClusterNode]:
            return [node for node in self.nodes if _succeeds(node, "CLUSTER", "DELSLOTS", slot)]

        assert until(lambda: nodes_with_it() == nodes_with_it() == [])

    def begin_move(self, slot: int, source: ClusterNode, target: ClusterNode) -> None:
        """Begin to move a slot to another primary. No key is moved yet."""
        target.run("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        source.run("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id)

    def finish_move(self, slot: int, source: ClusterNode, target: ClusterNode) -> None:
        """Move the keys of the slot, and then the slot."""
        while keys := source.run("CLUSTER", "GETKEYSINSLOT", slot, 100):
            source.run("MIGRATE", target.address, target.port, "", 0, 5000, "KEYS", *keys)
        for node in (target, source, *(node for node in self.nodes if node.is_primary)):
            node.run("CLUSTER", "SETSLOT", slot, "NODE", target.id)


def _is_settled(node: ClusterNode, primaries: int) -> bool:
    try:
        state, replication = node.run("CLUSTER", "INFO"), node.run("INFO", "replication")
        nodes = [line.split() for line in node.run("CLUSTER", "NODES").decode().splitlines()]
    except redis.RedisError:
        return False
    roles = [fields[2].split(",") for fields in nodes]
    healthy = b"cluster_state:ok" in state and not any("fail" in flags or "fail?" in flags for flags in roles)
    serving = [fields for fields, flags in zip(nodes, roles, strict=True) if "master" in flags and len(fields) > 8]
    in_sync = replication["role"] == "master" or replication["master_link_status"] == "up"
    return healthy and len(serving) == primaries and in_sync


def _succeeds(node: ClusterNode, *command: Any) -> bool:
    try:
        node.run(*command)
    except redis.ResponseError:
        return False
    return True


@contextmanager
def redis_cluster(folder: Path, *, replicas: bool = False) -> Iterator[RedisCluster]:
    """Run a cluster of three primaries."""
    cluster = RedisCluster(folder, replicas=replicas)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
