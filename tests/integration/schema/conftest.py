"""Fixtures for the tests of the GraphQL schema."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.graphql_client import Client
from tests.support.task_inputs import all_tasks


@pytest.fixture
async def existing_task(client: Client) -> AsyncIterator[Any]:
    """A task that exists before the test. After the test, the service must hold exactly this task, unchanged."""
    task = await client.create(title="Existing task", description="unchanged")
    before = await all_tasks(client)
    assert before["tasks"]["totalCount"] == 1
    yield task
    assert await all_tasks(client) == before
