"""Fixtures for the tests of the GraphQL schema."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.graphql_client import Client
from tests.support.task_inputs import all_tasks


@pytest.fixture
async def existing_task(client: Client) -> AsyncIterator[Any]:
    """Yield a task that exists before the test, and assert after the test that it is unchanged and the only task."""
    task = await client.create(title="Existing task", description="unchanged")
    before = await all_tasks(client)
    assert before["tasks"]["totalCount"] == 1
    yield task
    assert await all_tasks(client) == before
