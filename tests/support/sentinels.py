"""Runs a primary, a replica and three sentinels as processes on loopback."""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from api.devstores import redis as embedded_redis
from tests.support.network import Host
from tests.support.redis_server import RedisProcess
from tests.support.service_process import free_port, until

# The name of the primary.
NAME = "tasks"
SENTINELS = 3
_CONFIGURATION = """
port {port}
bind 127.0.0.1
dir {folder}
sentinel monitor {name} 127.0.0.1 {primary} 2
sentinel down-after-milliseconds {name} 500
sentinel failover-timeout {name} 2000
"""


class SentinelGroup:
    """A primary, its replica, and the sentinels. `url` is that for REDIS_URL."""

    def __init__(self, folder: Path) -> None:
        self.servers = [TcpServer(folder / str(number)) for number in range(2)]
        self._folder = folder
        self.ports = [free_port() for _ in range(SENTINELS)]
        self._processes: list[subprocess.Popen[bytes]] = []
        self.url = f"redis+sentinel://{','.join(f'127.0.0.1:{port}' for port in self.ports)}/{NAME}/0"

    def start(self) -> None:
        """Start the servers, and when the replica is in sync the sentinels."""
        primary, replica = self.servers
        primary.start()
        replica.add_options("--replicaof", "127.0.0.1", str(primary.port))
        replica.start()
        self.wait_until_in_sync()
        for port in self.ports:
            folder = self._folder / f"sentinel-{port}"
            folder.mkdir()
            file = folder / "sentinel.conf"
            file.write_text(_CONFIGURATION.format(port=port, folder=folder, name=NAME, primary=primary.port))
            with (folder / "log").open("wb") as log:
                command = (str(embedded_redis._binary()), str(file), "--sentinel")
                self._processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    async def wait_until_complete(self) -> None:
        """Wait until the replica is in sync and every sentinel knows all processes."""
        async with asyncio.timeout(30):
            for port in self.ports:
                with redis.Redis(port=port) as client:
                    while not _is_complete(client):  # noqa: ASYNC110 (no event is set)
                        await asyncio.sleep(0.05)

    def wait_until_in_sync(self) -> None:
        """Wait until a server is a replica in sync."""
        assert until(lambda: any(map(_is_in_sync, self.servers)))

    def stop(self) -> None:
        """End all processes."""
        for process in self._processes:
            process.kill()
            process.wait()
        for server in self.servers:
            server.kill()


class TcpServer(RedisProcess):
    """A server that also listens on a TCP port of loopback, or of a host."""

    def __init__(self, folder: Path, host: Host | None = None) -> None:
        folder.mkdir()
        super().__init__(folder)
        self.port = free_port()
        self.address = "127.0.0.1" if host is None else host.address
        self.add_options("--bind", self.address, "--port", str(self.port), "--repl-diskless-sync-delay", "0")
        if host is not None:
            self.run_on(host)
            self.add_options("--protected-mode", "no")  # only the namespaces of the test reach the address


@contextmanager
def sentinel_group(folder: Path) -> Iterator[SentinelGroup]:
    """Run the processes."""
    group = SentinelGroup(folder)
    try:
        group.start()
        yield group
    finally:
        group.stop()


def _is_in_sync(server: RedisProcess) -> bool:
    try:
        with server.client() as client:
            return bool(client.info("replication").get("master_link_status") == "up")
    except redis.RedisError:
        return False


def _is_complete(client: redis.Redis) -> bool:
    try:
        state: Any = client.sentinel_master(NAME)
        replicas = client.sentinel_slaves(NAME)
    except redis.RedisError:
        return False
    in_sync = [replica for replica in replicas if replica["master-link-status"] == "ok"]
    return int(state["num-other-sentinels"]) == SENTINELS - 1 and bool(in_sync)
