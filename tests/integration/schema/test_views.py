"""Tests the pages of declared views and their facets."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from api.config.settings import Settings
from schema.ids import new_id
from tests.support.graphql_client import Client, running
from tests.support.task_lists import create_list

PAGE = """query ($where: TaskWhere, $status: TaskStatus, $first: Int, $after: String, $order: TaskOrder! = NEWEST) {
  tasks(where: $where, status: $status, first: $first, after: $after, orderBy: $order) {
    totalCount nodes { id } pageInfo { hasNextPage endCursor pageNumber pageCount }
  }
}"""
FACETS = """query ($by: FacetDimension!, $where: TaskWhere, $first: Int, $order: FacetOrder! = COUNT) {
  facets(by: $by, where: $where, first: $first, orderBy: $order) { value count list { name } }
}"""
CREATE = """mutation ($tasks: [CreateTaskInput!]!) {
  createTasks(input: { tasks: $tasks }) { results { task { id listId assignee labels status priority } } }
}"""
Tasks = list[dict[str, Any]]


@pytest.fixture
async def tasks(client: Client) -> Tasks:
    """Create tasks and return them, newest first."""
    lists = [(await create_list(client, name))["id"] for name in ("Home", "Work")]
    inputs = [
        {
            "title": f"Task {number}",
            "listId": [None, *lists][number % 3],
            "assignee": [None, "ann", "Bob", "Ä"][number % 4],
            "labels": [[], ["bug"], ["bug", "Zoo"], ["é"]][number % 4],
            "status": ["TODO", "DONE"][number % 2],
            "priority": ["NONE", "HIGH"][number // 12],
        }
        for number in range(24)
    ]
    results = (await client.query(CREATE, tasks=inputs))["createTasks"]["results"]
    return [result["task"] for result in results][::-1]


async def read_all(client: Client, **variables: Any) -> list[str]:
    """Return the ids of all pages of three tasks, which state the same total."""
    found: list[str] = []
    totals, number, after = set(), 0, None
    while True:
        page = (await client.query(PAGE, first=3, after=after, **variables))["tasks"]
        found += [node["id"] for node in page["nodes"]]
        totals.add(page["totalCount"])
        if page["nodes"]:
            number += 1
            assert page["pageInfo"]["pageNumber"] == number
        if not page["pageInfo"]["hasNextPage"]:
            assert totals == {len(found)}
            return found
        after = page["pageInfo"]["endCursor"]


async def test_views_have_exact_pages_in_every_order(client: Client, tasks: Tasks) -> None:
    listed = tasks[0]["listId"]
    filters: list[tuple[dict[str, Any], Callable[[dict[str, Any]], bool]]] = [
        ({}, lambda task: True),
        ({"status": "DONE"}, lambda task: task["status"] == "DONE"),
        ({"list": listed.upper()}, lambda task: task["listId"] == listed),
        ({"assignee": "Ä", "label": None}, lambda task: task["assignee"] == "Ä"),
        ({"label": "bug"}, lambda task: "bug" in task["labels"]),
        ({"list": listed, "status": "TODO"}, lambda task: task["listId"] == listed and task["status"] == "TODO"),
        ({"assignee": "ann", "status": "TODO"}, lambda task: False),
    ]
    for where, holds in filters:
        expected = [task["id"] for task in tasks if holds(task)]
        assert await read_all(client, where=where) == expected
        assert await read_all(client, where=where, order="OLDEST") == expected[::-1]
        assert await read_all(client, where=where, order="EXPIRING_SOON") == []


async def test_status_can_be_given_beside_where(client: Client, tasks: Tasks) -> None:
    expected = [task["id"] for task in tasks if task["assignee"] == "Bob"]
    assert await read_all(client, where={"assignee": "Bob"}, status="TODO") == expected
    assert await read_all(client, where={"assignee": "Bob", "status": "TODO"}, status="TODO") == expected
    [error] = (await client.answer(PAGE, where={"status": "DONE"}, status="TODO"))["errors"]
    assert error["message"] == "where.status differs from the argument status. Send only one of them."
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "where.status"}


async def test_list_that_does_not_exist_has_no_tasks(client: Client, tasks: Tasks) -> None:
    assert await read_all(client, where={"list": str(new_id())}) == []


@pytest.mark.parametrize(
    ("where", "argument", "words"),
    [
        ({"list": "no"}, "where.list", ["UUID"]),
        ({"assignee": " "}, "where.assignee", ["must not be empty"]),
        ({"assignee": "a" * 201}, "where.assignee", ["at most 200 characters", "201"]),
        ({"label": ""}, "where.label", ["must not be empty"]),
        ({"label": "a" * 51}, "where.label", ["at most 50 characters", "51"]),
        ({"label": "a\0"}, "where.label", ["NUL"]),
        ({"label": "\ud800"}, "where.label", ["surrogate"]),
    ],
)
async def test_bad_value_is_refused(client: Client, where: dict[str, Any], argument: str, words: list[str]) -> None:
    for answer in (await client.answer(PAGE, where=where), await client.answer(FACETS, by="PRIORITY", where=where)):
        [error] = answer["errors"]
        assert (error["extensions"]["code"], error["extensions"]["argument"]) == ("BAD_USER_INPUT", argument)
        assert error["message"].startswith(f"{argument} ")
        assert all(word in error["message"] for word in words)


async def test_combination_that_is_not_declared_is_refused(client: Client) -> None:
    for answer in (
        await client.answer(PAGE, where={"priority": "HIGH", "assignee": "ann"}),
        await client.answer(FACETS, by="PRIORITY", where={"assignee": "ann"}),
    ):
        [error] = answer["errors"]
        assert error["extensions"] == {
            "code": "VIEW_NOT_DECLARED",
            "shape": "assignee+priority",
            "declared": ["list", "list+status", "assignee", "assignee+status", "label"],
        }
        assert "assignee+priority" in error["message"]
        assert "list, list+status, assignee, assignee+status, label" in error["message"]
        assert "filterTasks" in error["message"]


async def test_facets_count_the_tasks_of_each_value(client: Client, tasks: Tasks) -> None:
    values: dict[str, list[str]] = {
        "LIST": [task["listId"] for task in tasks if task["listId"]],
        "ASSIGNEE": [task["assignee"] for task in tasks if task["assignee"]],
        "LABEL": [label for task in tasks for label in task["labels"]],
        "STATUS": [task["status"] for task in tasks],
    }
    for by, found in values.items():
        by_name = sorted(Counter(found).items(), key=lambda facet: facet[0].encode())
        by_count = sorted(by_name, key=lambda facet: -facet[1])
        for order, expected in (("COUNT", by_count), ("NAME", by_name)):
            for first in (None, 0, 2):
                facets = (await client.query(FACETS, by=by, order=order, first=first))["facets"]
                assert [(facet["value"], facet["count"]) for facet in facets] == expected[:first]
                assert all((facet["list"] is not None) == (by == "LIST") for facet in facets)
    facets = (await client.query(FACETS, by="STATUS", where={"assignee": "ann"}))["facets"]
    assert facets == [{"value": "DONE", "count": 6, "list": None}]


async def test_bad_arguments_of_facets_are_refused(client: Client) -> None:
    for first in (-1, 1001):
        [error] = (await client.answer(FACETS, by="LABEL", first=first))["errors"]
        assert error["message"] == f"first must be from 0 to 1000, not {first}."
    [error] = (await client.answer(FACETS, by="LABEL", where={"label": "bug"}))["errors"]
    assert error["message"] == "by cannot be LABEL, because where.label is given. Leave it out of where."


@pytest.mark.parametrize("executor", ["compiled", "standard"])
async def test_without_declared_views_the_counts_by_status_remain(
    database_url: str, redis_url: str, executor: Any
) -> None:
    settings = Settings(database_url=database_url, redis_url=redis_url, views="none", executor=executor)
    async with running(settings) as client:
        await client.create(status="DONE")
        assert (await client.query(FACETS, by="STATUS"))["facets"] == [{"value": "DONE", "count": 1, "list": None}]
        [error] = (await client.answer(PAGE, where={"label": "bug"}))["errors"]
        assert "None is declared." in error["message"]
        assert error["extensions"]["declared"] == []
