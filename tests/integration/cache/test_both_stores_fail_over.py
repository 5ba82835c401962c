"""Tests that a demoted primary is found although Redis was away during the promotion, as when one host has both."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.errors import DatabaseUnavailable
from tests.integration.cache.test_database_replaced import (  # noqa: F401 (fixtures)
    END_CONNECTIONS,
    KEPT,
    LOST,
    Address,
    Service,
    addresses,
    prepared,
    server,
    service,
)
from tests.support.gate_states import wait_until
from tests.support.postgres_copies import replica_of, value
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisProcess, redis_process
from tests.support.store_factories import create_uncached_tasks


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisProcess]:
    folder = tmp_path / "redis"
    folder.mkdir()
    with redis_process(folder) as running:
        yield running


@pytest.fixture
def redis_url(own_redis: RedisProcess) -> str:
    """Return the URL of the Redis that the service uses."""
    return own_redis.url


async def test_redis_restarts_after_the_promotion(
    server: PostgresServer,  # noqa: F811
    service: Service,  # noqa: F811
    addresses: list[Address],  # noqa: F811
    own_redis: RedisProcess,
    tmp_path: Path,
) -> None:
    outdated, current = service.stores
    async with replica_of(server, tmp_path / "replica", is_synchronous=False) as replica:
        await create_uncached_tasks(outdated, LOST)
        own_redis.kill()
        await value(replica.url, "SELECT pg_promote()")
        addresses[1].lead_to(replica)
        await value(server.url, END_CONNECTIONS)
        await wait_until(lambda: current.metrics.server_changes == 1)
        await wait_until(lambda: current.gate_lease.gate is not None and current.gate_lease.gate.state == "off")
        own_redis.start()
        await wait_until(lambda: current.gate_lease.protocol is not None)
        assert await service.readers[1].read() == (KEPT, False)
        await wait_until(lambda: outdated.database.server.ended is not None)
        with pytest.raises(DatabaseUnavailable):
            await service.readers[0].read()
