"""Tests queries for pages and nodes, and their round trips."""

import asyncio
from typing import Any

import pytest
import redis

from schema.ids import new_id
from tests.support.graphql_client import Client

PAGE = """
query ($first: Int, $after: String, $last: Int, $before: String, $status: TaskStatus) {
  tasks(first: $first, after: $after, last: $last, before: $before, status: $status) {
    edges { cursor node { id } }
    nodes { id }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}
"""

NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Task { title } } }"

TASK_COUNT = 230


@pytest.fixture
async def newest_first(client: Client) -> list[str]:
    """Return the ids of 230 tasks in the order of a page. Many tasks have equal creation times."""
    for begin in range(0, TASK_COUNT, 115):
        await client.create_many([f"Task {number}" for number in range(begin, begin + 115)])
    order = (
        "{ "
        + " ".join(f"p{page}: tasks(first: 100, page: {page}) {{ nodes {{ id createdAt }} }}" for page in (1, 2, 3))
        + " }"
    )
    pages = await client.query(order)
    nodes = [node for page in ("p1", "p2", "p3") for node in pages[page]["nodes"]]
    assert len({node["id"] for node in nodes}) == TASK_COUNT
    # Newest first. Tasks with equal times are in descending order of their ids.
    assert nodes == sorted(nodes, key=lambda node: (node["createdAt"], node["id"]), reverse=True)
    return [node["id"] for node in nodes]


def ids(nodes: list[Any]) -> list[str]:
    return [node["id"] for node in nodes]


@pytest.mark.parametrize("size", [7, 23, 50, 100])
async def test_pages_forward_cover_all_tasks(client: Client, newest_first: list[str], size: int) -> None:
    seen: list[str] = []
    after = None
    while True:
        page = (await client.query(PAGE, first=size, after=after))["tasks"]
        info = page["pageInfo"]
        assert page["totalCount"] == TASK_COUNT
        assert info["hasPreviousPage"] == bool(seen)
        assert ids(page["nodes"]) == [edge["node"]["id"] for edge in page["edges"]]
        assert info["startCursor"] == page["edges"][0]["cursor"]
        assert info["endCursor"] == page["edges"][-1]["cursor"]
        seen += ids(page["nodes"])
        assert info["hasNextPage"] == (len(seen) < TASK_COUNT)
        after = info["endCursor"]
        if not info["hasNextPage"]:
            break
        assert len(page["nodes"]) == size
    assert seen == newest_first
    page = (await client.query(PAGE, first=size, after=after))["tasks"]
    assert (page["edges"], page["totalCount"]) == ([], TASK_COUNT)
    assert (page["pageInfo"]["hasNextPage"], page["pageInfo"]["hasPreviousPage"]) == (False, True)


@pytest.mark.parametrize("size", [7, 23, 50, 100])
async def test_pages_backward_cover_all_tasks(client: Client, newest_first: list[str], size: int) -> None:
    seen: list[str] = []
    before = None
    while True:
        page = (await client.query(PAGE, last=size, before=before))["tasks"]
        info = page["pageInfo"]
        assert page["totalCount"] == TASK_COUNT
        assert info["hasNextPage"] == bool(seen)
        seen = ids(page["nodes"]) + seen
        assert info["hasPreviousPage"] == (len(seen) < TASK_COUNT)
        before = info["startCursor"]
        if not info["hasPreviousPage"]:
            break
        assert len(page["nodes"]) == size
    assert seen == newest_first


async def test_page_between_two_cursors(client: Client, newest_first: list[str]) -> None:
    edges = (await client.query(PAGE, first=100))["tasks"]["edges"]
    between = {"after": edges[9]["cursor"], "before": edges[30]["cursor"]}
    page = (await client.query(PAGE, first=5, **between))["tasks"]
    assert ids(page["nodes"]) == newest_first[10:15]
    assert page["totalCount"] == TASK_COUNT
    page = (await client.query(PAGE, last=5, **between))["tasks"]
    assert ids(page["nodes"]) == newest_first[25:30]
    page = (await client.query(PAGE, first=100, **between))["tasks"]
    assert ids(page["nodes"]) == newest_first[10:30]
    page = (await client.query(PAGE, first=100, after=between["before"], before=between["after"]))["tasks"]
    assert page["nodes"] == []


async def test_cursor_stays_valid_after_its_task_is_deleted(client: Client, newest_first: list[str]) -> None:
    edges = (await client.query(PAGE, first=50))["tasks"]["edges"]
    deleted = edges[20]
    await client.delete(deleted["node"]["id"])
    page = (await client.query(PAGE, first=10, after=deleted["cursor"]))["tasks"]
    assert ids(page["nodes"]) == newest_first[21:31]
    assert page["totalCount"] == TASK_COUNT - 1
    page = (await client.query(PAGE, last=10, before=deleted["cursor"]))["tasks"]
    assert ids(page["nodes"]) == newest_first[10:20]


async def test_page_by_number(client: Client, newest_first: list[str]) -> None:
    document = """
    query ($page: Int) {
      tasks(first: 30, page: $page) { nodes { id } totalCount pageInfo { hasNextPage hasPreviousPage } }
    }
    """
    for number in range(1, 9):
        page = (await client.query(document, page=number))["tasks"]
        assert ids(page["nodes"]) == newest_first[(number - 1) * 30 : number * 30]
        assert page["totalCount"] == TASK_COUNT
        assert page["pageInfo"] == {"hasNextPage": number < 8, "hasPreviousPage": number > 1}


async def test_page_without_arguments_has_50_tasks(client: Client, newest_first: list[str]) -> None:
    assert ids((await client.query("{ tasks { nodes { id } } }"))["tasks"]["nodes"]) == newest_first[:50]
    second = await client.query("{ tasks(page: 2) { nodes { id } } }")
    assert ids(second["tasks"]["nodes"]) == newest_first[50:100]


async def test_page_without_tasks_is_empty(client: Client) -> None:
    empty = {
        "edges": [],
        "nodes": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
        "totalCount": 0,
    }
    assert (await client.query(PAGE))["tasks"] == empty
    assert (await client.query(PAGE, last=5))["tasks"] == empty
    assert (await client.query(PAGE, status="DONE"))["tasks"] == empty


async def test_page_of_one_status(client: Client) -> None:
    made: dict[str, list[str]] = {"TODO": [], "IN_PROGRESS": [], "DONE": []}
    for number in range(30):
        status = list(made)[number % 3]
        made[status].insert(0, (await client.create(status=status))["id"])
    for status, expected in made.items():
        page = (await client.query(PAGE, first=4, status=status))["tasks"]
        assert ids(page["nodes"]) == expected[:4]
        assert page["totalCount"] == 10
        page = (await client.query(PAGE, first=10, after=page["pageInfo"]["endCursor"], status=status))["tasks"]
        assert ids(page["nodes"]) == expected[4:]
        assert page["pageInfo"]["hasNextPage"] is False


async def test_nodes_have_the_order_of_ids_with_null_for_missing_tasks(client: Client) -> None:
    first, second, deleted = [(await client.create(title=title))["id"] for title in ("First", "Second", "Gone")]
    await client.delete(deleted)
    unknown = str(new_id())
    found = (await client.query(NODES, ids=[second, unknown, first, deleted, second]))["nodes"]
    one = {"__typename": "Task", "id": first, "title": "First"}
    two = {"__typename": "Task", "id": second, "title": "Second"}
    assert found == [two, None, one, None, two]
    assert (await client.query(NODES, ids=[]))["nodes"] == []


async def test_node_and_task_return_the_same_object(client: Client) -> None:
    task = await client.create(title="One")
    document = """
    query ($id: ID!, $other: ID!) {
      node(id: $id) { __typename id ... on Task { title version } }
      task(id: $id) { __typename id title version }
      noNode: node(id: $other) { id }
      noTask: task(id: $other) { id }
    }
    """
    found = await client.query(document, id=task["id"], other=str(new_id()))
    assert found["node"] == found["task"] == {"__typename": "Task", "id": task["id"], "title": "One", "version": 1}
    assert found["noNode"] is found["noTask"] is None


def mget_count(redis_url: str) -> int:
    """Return the number of MGET commands that Redis has answered, for all clients."""
    with redis.Redis.from_url(redis_url) as connection:
        stats: Any = connection.info("commandstats")
        return int(stats.get("cmdstat_mget", {"calls": 0})["calls"])


async def test_all_fields_of_a_request_share_one_mget(client: Client, redis_url: str) -> None:
    made = [(await client.create(title=f"Task {number}"))["id"] for number in range(5)]
    document = """
    query ($a: ID!, $b: ID!, $c: ID!, $ids: [ID!]!) {
      a: task(id: $a) { title } b: node(id: $b) { id } again: task(id: $a) { version } c: task(id: $c) { title }
      nodes(ids: $ids) { id }
    }
    """
    variables = {"a": made[0], "b": made[1], "c": made[2], "ids": made[1:]}
    await client.query(document, **variables)
    counted, sent = await client.counters(), []
    for _ in range(3):
        before = mget_count(redis_url)
        await client.query(document, **variables)
        sent.append(mget_count(redis_url) - before)
    after = await client.counters()
    # The maintenance of the service samples entries once a second and may have sent another MGET.
    assert min(sent) == 1
    assert after["millitask_hits_total"] - counted["millitask_hits_total"] == 3 * len(made)
    assert after["millitask_misses_total"] == counted["millitask_misses_total"]


async def counters_after_the_fill(client: Client, ids: list[str]) -> dict[str, float]:
    """Read tasks until all of them are in the cache, which is filled after an answer, and return the counters."""
    async with asyncio.timeout(30):
        while True:
            before = await client.counters()
            await client.query("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)
            after = await client.counters()
            if after["millitask_hits_total"] - before["millitask_hits_total"] == len(ids):
                return after


async def test_missing_entries_are_read_once(client: Client) -> None:
    # A bulk create does not write entries to the cache.
    made = await client.create_many([f"Task {number}" for number in range(60)])
    before = await client.counters()
    page = (await client.query("{ tasks(first: 50) { nodes { id } edges { node { title } } } }"))["tasks"]
    assert len(page["nodes"]) == 50
    cold = await client.counters()
    assert cold["millitask_misses_total"] - before["millitask_misses_total"] == 50
    filled = await counters_after_the_fill(client, [node["id"] for node in page["nodes"]])
    await client.query("{ tasks(first: 60) { nodes { id } } }")
    warm = await client.counters()
    assert warm["millitask_misses_total"] - filled["millitask_misses_total"] == 10
    assert warm["millitask_hits_total"] - filled["millitask_hits_total"] == 50
    assert len(made) == 60
