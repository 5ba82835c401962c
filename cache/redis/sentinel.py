"""The topology of a primary that sentinels watch and replace."""

import asyncio
from collections.abc import Sequence
from typing import Any

from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import MasterNotFoundError, Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig

from cache.errors import CacheUnavailable
from cache.redis.moving import MovingServers
from cache.redis.server import ConnectionLimits, Server
from cache.redis.several_hosts import SeveralHosts

# How long one sentinel may take. A reader waits half a second for the primary.
SENTINEL_TIMEOUT_SECONDS = 0.2


class SentinelPrimary(MovingServers):
    """Finds the primary with the library's client of Sentinel."""

    def __init__(self, hosts: SeveralHosts, limits: ConnectionLimits) -> None:
        super().__init__(hosts, limits, sharded=False)
        self._sentinel = Sentinel(hosts.hosts, sentinel_kwargs=sentinel_options(hosts))  # type: ignore[no-untyped-call]
        self._primary: Server | None = None

    def slot(self, _workspace: str) -> int:
        """Return 0."""
        return 0

    def find(self, _slot: int) -> Server | None:
        """Return the primary that the sentinels named last."""
        return self._primary

    async def primaries(self) -> Sequence[Server]:
        """Return the primary. Raises `CacheUnavailable`."""
        await self.ask(self._limits.timeout)
        return [] if self._primary is None else [self._primary]

    async def _learn(self) -> None:
        name = self._hosts.name
        try:
            host, port = await self._sentinel.discover_master(name)
        except MasterNotFoundError as error:
            # The library's message describes its connection pools before what the last sentinel said.
            _, failed, said = str(error).rpartition("> - ")
            raise CacheUnavailable(
                f"No sentinel in REDIS_URL knows a primary {name} that can be reached. Nothing was changed. Try again."
                f"{f' ({said})' if failed else ''}"
            ) from None
        except (RedisError, OSError) as error:
            raise CacheUnavailable(
                "A sentinel in REDIS_URL refuses to name the primary. Each host must be a sentinel, and its user needs "
                "the right to run SENTINEL MASTERS. Nothing was changed. Try again."
            ) from error
        self._adopt({(host, port)})
        self._primary = self._servers[host, port]

    async def _close_sources(self) -> None:
        await self._sentinel.aclose()
        # The library creates these clients, and closes only the connections that are idle.
        await asyncio.gather(*(client.connection_pool.disconnect() for client in self._sentinel.sentinels))


def sentinel_options(hosts: SeveralHosts) -> dict[str, Any]:
    """Return the options of connections to sentinels: TLS as for the primary, but another user."""
    options: dict[str, Any] = dict(parse_url(hosts.server_url("localhost", 1)))
    secure = {name: value for name, value in options.items() if name.startswith("ssl_")}
    return {
        **hosts.sentinel_options,
        **secure,
        "ssl": hosts.parts.scheme == "rediss",
        "socket_timeout": SENTINEL_TIMEOUT_SECONDS,
        "socket_connect_timeout": SENTINEL_TIMEOUT_SECONDS,
        "retry": Retry(NoBackoff(), 0),
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }
