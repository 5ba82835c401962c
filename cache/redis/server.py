"""The connections of a process to one Redis server."""

from collections.abc import Sequence
from typing import NamedTuple

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

from cache.errors import CacheUnavailable
from cache.redis.connection_pool import ConnectionPool
from cache.redis.endpoint import Endpoint
from cache.redis.shared_connection import SharedConnection
from cache.redis.subscription import Subscriptions


class ConnectionLimits(NamedTuple):
    """How many connections a process lends for one server, and how long they, and readers, wait in seconds."""

    connections: int
    timeout: float
    read_timeout: float


class Server:
    """The connections of a process to one server: one for all reads, some that are lent, and one for subscriptions.

    url: starts with redis://, rediss:// or unix://. `replaceable` and `sharded` as in `Endpoint`.
    """

    def __init__(self, url: str, limits: ConnectionLimits, *, replaceable: bool = False, sharded: bool = False) -> None:
        self._pool = redis.BlockingConnectionPool.from_url(
            url,
            protocol=3,
            max_connections=limits.connections,
            timeout=limits.timeout,
            socket_timeout=limits.timeout,
            socket_connect_timeout=limits.timeout,
            retry=Retry(NoBackoff(), 0),
            # With maintenance notifications the pool lends connections that were closed while idle.
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )
        self.client: redis.Redis = redis.Redis.from_pool(self._pool)
        # The pool has read the URL, so all kinds of connections understand the same URLs.
        address = self._pool.make_connection()  # type: ignore[no-untyped-call]
        self.endpoint = endpoint = Endpoint(url, address, replaceable, sharded)
        self.shared = SharedConnection(endpoint, limits.read_timeout)
        self.exclusive = ConnectionPool(endpoint, limits.connections, limits.timeout)
        self.subscriptions = Subscriptions(lambda: self.exclusive.connect(""), sharded=sharded)

    @property
    def name(self) -> str:
        """The host and port, or the path of the socket."""
        return self.endpoint.name

    @property
    def user(self) -> str:
        """The Redis user of the service."""
        return self.endpoint.address.username or "default"

    async def run_id_in(self, replies: Sequence[bytes]) -> str:
        """Return the run id in the replies to `IDENTIFY`. Raises `CacheUnavailable` if they came from a replica.

        A demoted primary still answers on the connections to it, so the next request opens a new one.
        """
        try:
            return self.endpoint.parse_run_id(*replies)
        except CacheUnavailable:
            await self.reconnect()
            raise

    async def reconnect(self) -> None:
        """Let later requests open new connections, which may lead to another server behind the same address."""
        self.exclusive.discard_idle()
        self.shared.replace()
        await self._pool.disconnect(inuse_connections=False)

    async def aclose(self) -> None:
        """Close all connections. Requests in flight fail."""
        await self.shared.aclose()
        await self.exclusive.aclose()
        await self.client.aclose()
