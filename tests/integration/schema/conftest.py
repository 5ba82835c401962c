from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.bad_inputs import everything
from tests.support.graphql_client import Client


@pytest.fixture
async def there(client: Client) -> AsyncIterator[Any]:
    """A task that is there before the bad input, and must be there just so after it."""
    task = await client.create(title="There before", description="and after")
    before = await everything(client)
    assert before["tasks"]["totalCount"] == 1
    yield task
    assert await everything(client) == before
