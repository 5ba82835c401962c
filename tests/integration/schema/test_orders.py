"""Tests the pages of declared views in the orders that they declare."""

from collections.abc import AsyncIterator
from typing import Any, get_args

import pytest

from api.config.settings import Settings
from db.task import Priority
from tests.support.graphql_client import Client, running
from tests.support.task_lists import create_list

PAGE = """query ($where: TaskWhere, $status: TaskStatus, $first: Int, $last: Int, $after: String, $before: String,
               $page: Int, $order: TaskOrder!) {
  tasks(where: $where, status: $status, first: $first, last: $last, after: $after, before: $before, page: $page,
        orderBy: $order) {
    totalCount nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor pageNumber }
  }
}"""
CREATE = """mutation ($tasks: [CreateTaskInput!]!) {
  createTasks(input: { tasks: $tasks }) { results { task { id listId status priority dueAt createdAt } } }
}"""
UPDATE = """mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { task { id } userErrors { message } } }"""
DECLARED = "list:due+priority,label:due,status:priority,assignee"
Tasks = list[dict[str, Any]]


@pytest.fixture(params=["compiled", "standard"])
async def client(request: pytest.FixtureRequest, database_url: str, redis_url: str) -> AsyncIterator[Client]:
    settings = Settings(database_url=database_url, redis_url=redis_url, views=DECLARED, executor=request.param)
    async with running(settings) as client:
        yield client


@pytest.fixture
async def tasks(client: Client) -> Tasks:
    list_id = (await create_list(client, "Home"))["id"]
    inputs = [
        {
            "title": f"Task {number}",
            "listId": list_id,
            "status": ["TODO", "DONE"][number % 2],
            "priority": get_args(Priority)[number * 7 % 5],
            "dueAt": None if number % 4 == 0 else f"2026-12-{10 - number % 5:02}T00:00:00Z",
        }
        for number in range(16)
    ]
    results = (await client.query(CREATE, tasks=inputs))["createTasks"]["results"]
    return [result["task"] for result in results]


def by_due_date(tasks: Tasks) -> list[str]:
    due = sorted((task["dueAt"], task["id"]) for task in tasks if task["dueAt"])
    others = sorted((task for task in tasks if not task["dueAt"]), key=lambda task: task["id"])
    others.sort(key=lambda task: task["createdAt"], reverse=True)
    return [id_ for _, id_ in due] + [task["id"] for task in others]


def by_priority(tasks: Tasks) -> list[str]:
    ranks = get_args(Priority)
    keys = [(ranks.index(task["priority"]), task["createdAt"], task["id"]) for task in tasks]
    return [id_ for *_, id_ in sorted(keys, reverse=True)]


async def read_all(client: Client, size: int = 3, **variables: Any) -> list[str]:
    """Return the ids of all pages. Each page is the same forwards, backwards and by number."""
    found: list[str] = []
    number, after = 1, None
    while True:
        page = (await client.query(PAGE, first=size, after=after, **variables))["tasks"]
        assert (await client.query(PAGE, first=size, page=number, **variables))["tasks"]["nodes"] == page["nodes"]
        if found:
            before = page["pageInfo"]["startCursor"]
            earlier = (await client.query(PAGE, last=size, before=before, **variables))["tasks"]["nodes"]
            assert [node["id"] for node in earlier] == found[-size:]
        found += [node["id"] for node in page["nodes"]]
        assert [edge["cursor"] for edge in page["edges"]][-1:] == [page["pageInfo"]["endCursor"]][: len(page["nodes"])]
        if not page["pageInfo"]["hasNextPage"]:
            assert page["totalCount"] == len(found)
            return found
        number, after = number + 1, page["pageInfo"]["endCursor"]


async def test_pages_have_the_declared_orders(client: Client, tasks: Tasks) -> None:
    where = {"list": tasks[0]["listId"]}
    assert await read_all(client, where=where, order="DUE_FIRST") == by_due_date(tasks)
    assert await read_all(client, where=where, order="PRIORITY_FIRST") == by_priority(tasks)
    done = [task for task in tasks if task["status"] == "DONE"]
    assert await read_all(client, status="DONE", order="PRIORITY_FIRST") == by_priority(done)
    assert await read_all(client, where={"label": "none"}, order="DUE_FIRST") == []


async def test_cursor_stays_when_its_task_moves(client: Client, tasks: Tasks) -> None:
    variables: dict[str, Any] = {"where": {"list": tasks[0]["listId"]}, "order": "DUE_FIRST"}
    expected = by_due_date(tasks)
    page = (await client.query(PAGE, first=5, **variables))["tasks"]
    await client.query(UPDATE, input={"id": expected[4], "dueAt": "2199-01-01T00:00:00Z"})
    await client.query(UPDATE, input={"id": expected[8], "priority": "URGENT"})
    following = (await client.query(PAGE, first=4, after=page["pageInfo"]["endCursor"], **variables))["tasks"]
    assert [node["id"] for node in following["nodes"]] == expected[5:9]
    preceding = (await client.query(PAGE, last=9, before=page["pageInfo"]["endCursor"], **variables))["tasks"]
    assert [node["id"] for node in preceding["nodes"]] == expected[:4]


async def test_cursor_of_another_order_is_refused(client: Client, tasks: Tasks) -> None:
    where = {"list": tasks[0]["listId"]}
    cursors = {
        order: (await client.query(PAGE, where=where, first=1, order=order))["tasks"]["pageInfo"]["endCursor"]
        for order in ("NEWEST", "DUE_FIRST", "PRIORITY_FIRST")
    }
    for made_for, cursor in cursors.items():
        for order in cursors:
            answer = await client.answer(PAGE, where=where, first=1, after=cursor, order=order)
            assert ("errors" in answer) == (made_for != order)
            if made_for != order:
                [error] = answer["errors"]
                assert made_for in error["message"]
                assert error["message"].endswith(f"the order {order}.")


@pytest.mark.parametrize(
    ("where", "order", "name", "words"),
    [
        ({}, "DUE_FIRST", "list:due", "All tasks cannot be ordered by DUE_FIRST"),
        ({"status": "DONE"}, "DUE_FIRST", "status:due", "Declare status:due."),
        ({"label": "a"}, "PRIORITY_FIRST", "label:priority", "Tasks selected by label cannot be ordered"),
        ({"assignee": "ann"}, "DUE_FIRST", "assignee:due", "Declare assignee:due."),
        ({"assignee": "ann", "label": "a"}, "DUE_FIRST", "assignee+label", "selected by assignee+label"),
    ],
)
async def test_order_that_is_not_declared_is_refused(
    client: Client, where: dict[str, Any], order: str, name: str, words: str
) -> None:
    [error] = (await client.answer(PAGE, where=where, order=order))["errors"]
    assert error["extensions"] == {
        "code": "VIEW_NOT_DECLARED",
        "shape": name,
        "declared": ["list:due+priority", "label:due", "status:priority", "assignee"],
    }
    assert words in error["message"]
    assert "Declared are list:due+priority, label:due, status:priority, assignee." in error["message"]
    assert "filterTasks" in error["message"]
