"""A connection for much data. It works in a thread, so that a busy event loop does not slow it down."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from cache.errors import CacheUnavailable, OtherRedis
from cache.redis.endpoint import IDENTIFY, Endpoint
from cache.redis.failures import unavailable
from cache.redis.spans import traced
from db.blocking import run_blocking
from db.errors import name_server

# How long Redis may take no data and send no reply.
BULK_TIMEOUT_SECONDS = 5
# How long a cancelled transfer may take to end.
CANCEL_SECONDS = 1.0


class BulkConnection:
    """A connection for one caller at a time. After an error or a cancellation it must not be used again."""

    def __init__(self, connection: Any, endpoint: Endpoint, count: Callable[[], None]) -> None:
        self._connection = connection
        self._endpoint = endpoint
        self._count = count

    @property
    def server(self) -> str:
        """The name of the server, for the log."""
        return self._endpoint.name

    async def send(self, packed: Sequence[bytes]) -> list[Any]:
        """Send packed commands in one round trip and return their replies. Raises `CacheUnavailable`.

        Also after an error or a cancellation, Redis has executed all commands, unless it does not answer in time.
        """
        self._count()

        def exchange() -> list[Any]:
            try:
                # In one call: between two, the thread may have to wait for the interpreter.
                self._connection.send_packed_command([b"".join(packed)], check_health=False)
                replies = [self._reply() for _ in packed]
                for reply in replies:
                    if isinstance(reply, ResponseError):
                        raise reply
                return replies
            except (RedisError, OSError) as error:
                raise unavailable(error, self._endpoint.name) from error

        sending = run_blocking(exchange, self._connection._sock.fileno(), patience=CANCEL_SECONDS)
        return await traced(sending, packed[0], len(packed), self._endpoint)

    def _reply(self) -> Any:
        try:
            return self._connection.read_response()
        except ResponseError as error:
            return error


@asynccontextmanager
async def bulk_connection(endpoint: Endpoint, run_id: str, count: Callable[[], None]) -> AsyncIterator[BulkConnection]:
    """Open a connection to one run of the server. Raises `CacheUnavailable`, or `OtherRedis` if another run answers."""
    connection = await asyncio.to_thread(_open, endpoint, run_id)
    try:
        yield BulkConnection(connection, endpoint, count)
    finally:
        connection.disconnect()


def _open(endpoint: Endpoint, run_id: str) -> Any:
    options = {
        "protocol": 3,
        "socket_connect_timeout": BULK_TIMEOUT_SECONDS,
        "retry": Retry(NoBackoff(), 0),
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }
    connection: Any = redis.ConnectionPool.from_url(endpoint.url, **options).make_connection()
    try:
        connection.connect()
        _limit_waits(connection._sock)
        replies = []
        for command in IDENTIFY:
            connection.send_command(*command)
            replies.append(connection.read_response())
        found = endpoint.parse_run_id(*replies)
    except (RedisError, OSError, CacheUnavailable) as error:
        connection.disconnect()
        raise unavailable(error, endpoint.name) from error
    if found != run_id:
        connection.disconnect()
        raise name_server(OtherRedis(), endpoint.name)
    return connection


def _limit_waits(connected: socket.socket) -> None:
    """Let the kernel limit each wait. With Python's own timeout, each part of a transfer would need the interpreter."""
    connected.settimeout(None)
    limit = struct.pack("ll", BULK_TIMEOUT_SECONDS, 0)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
