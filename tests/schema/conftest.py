from collections.abc import AsyncIterator

import pytest

from api.settings import Settings
from tests.schema.client import Client, running


@pytest.fixture
async def client(database_url: str, redis_url: str) -> AsyncIterator[Client]:
    """A client of a service that is ready and holds no task."""
    async with running(Settings(database_url=database_url, redis_url=redis_url)) as running_client:
        yield running_client
