"""Tests that nothing of a request stays in memory until Python looks for reference cycles."""

import asyncio
import gc
from collections.abc import Iterator

import pytest

from api.graphql import deadline
from cache.reads.batching import DataLoader
from cache.reads.session import Session
from tests.support.graphql_client import Client

PAGE = """{
  tasks(first: 20) { totalCount pageInfo { pageCount endCursor } edges { cursor node { id title } } }
  taskCounts { todo }
}"""

UPDATE = 'mutation ($id: ID!) { updateTask(input: { id: $id, title: "Another title" }) { task { title } } }'


@pytest.fixture
def _without_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def left_over() -> list[object]:
    """Return the state of requests that is in memory."""
    return [tracked for tracked in gc.get_objects() if isinstance(tracked, Session | DataLoader)]


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.usefixtures("_without_garbage_collection")
async def test_request_leaves_no_cycle(client: Client, monkeypatch: pytest.MonkeyPatch, watched: bool) -> None:
    # A slow request is watched for the disconnect of its client.
    monkeypatch.setattr(deadline, "WATCH_AFTER_SECONDS", 0.0 if watched else 60.0)
    ids = [(await client.create(title=f"Task {number}"))["id"] for number in range(3)]
    for _ in range(3):
        assert (await client.query(PAGE))["tasks"]["totalCount"] == 3
        assert len((await client.query("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids))["nodes"]) == 3
        assert (await client.query(UPDATE, id=ids[0]))["updateTask"]["task"]["title"] == "Another title"
    await asyncio.sleep(0)  # the watcher of the last request ends
    assert left_over() == []
