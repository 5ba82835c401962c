"""Tests `externalId`: creating it again returns the existing task, also in bulk and concurrently."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from api.config.settings import Settings
from db.caller import DEFAULT_WORKSPACE
from schema.ids import new_id
from tests.support.graphql_client import Client, running
from tests.support.workspaces import client_as, named_callers

RESULT = "created task { id title externalId } userErrors { field message code }"
CREATE = f"mutation ($input: CreateTaskInput!) {{ createTask(input: $input) {{ {RESULT} }} }}"
CREATE_MANY = f"""mutation ($input: CreateTasksInput!) {{
  createTasks(input: $input) {{ results {{ {RESULT} }} userErrors {{ code }} }} }}"""
DELETE = "mutation ($id: ID!) { deleteTask(input: { id: $id }) { deletedTaskId userErrors { code } } }"
RESTORE = "mutation ($id: ID!) { restoreTask(input: { id: $id }) { task { id } userErrors { code } } }"
UPDATE = 'mutation ($id: ID!) { updateTask(input: { id: $id, title: "New" }) { task { externalId version } } }'
TAKEN = ("ID_TAKEN", ["externalId"])


async def create(client: Client, **fields: Any) -> Any:
    return (await client.query(CREATE, input={"title": "A task"} | fields))["createTask"]


async def create_many(client: Client, items: list[dict[str, Any]], **more: Any) -> list[Any]:
    tasks = [{"title": f"Item {number}"} | item for number, item in enumerate(items)]
    payload = (await client.query(CREATE_MANY, input={"tasks": tasks, **more}))["createTasks"]
    assert payload["userErrors"] == []
    return list(payload["results"])


def errors(result: Any) -> list[tuple[str, list[str]]]:
    return [(error["code"], error["field"]) for error in result["userErrors"]]


async def test_creating_an_external_id_again_returns_the_existing_task(client: Client) -> None:
    first = await create(client, title="First", externalId="jira-7")
    assert (first["created"], first["task"]["externalId"], first["userErrors"]) == (True, "jira-7", [])
    again = await create(client, title="Second", externalId="jira-7")
    assert again == first | {"created": False}
    assert await create_many(client, [{"externalId": "jira-7"}]) == [again]
    assert await client.total() == 1
    other = await create(client, externalId="JIRA-7")
    assert (other["created"], other["task"]["id"] != first["task"]["id"]) == (True, True)


async def test_creating_an_id_again_says_so(client: Client) -> None:
    id_ = str(new_id())
    assert (await create(client, id=id_))["created"] is True
    assert (await create(client, id=id_, externalId="new"))["created"] is False
    [bulk] = await create_many(client, [{"id": id_}])
    assert (bulk["created"], bulk["task"]["id"], bulk["userErrors"]) == (False, id_, [])
    rejected = await create(client, title="")
    assert (rejected["created"], rejected["task"]) == (False, None)


async def test_update_keeps_the_external_id(client: Client) -> None:
    id_ = (await create(client, externalId="a"))["task"]["id"]
    assert (await client.query(UPDATE, id=id_))["updateTask"]["task"] == {"externalId": "a", "version": 2}


async def test_first_item_with_an_external_id_is_created(client: Client) -> None:
    # In the order of their ids, the later items come first.
    ids = sorted((str(new_id()) for _ in range(4)), reverse=True)
    items = [{"id": id_, "externalId": "ab"[number % 2]} for number, id_ in enumerate(ids)]
    results = await create_many(client, [*items, {}])
    assert [result["created"] for result in results] == [True, True, False, False, True]
    assert [result["task"]["id"] for result in results[:4]] == [ids[0], ids[1], ids[0], ids[1]]
    assert [result["task"]["title"] for result in results[:4]] == ["Item 0", "Item 1"] * 2
    assert await client.total() == 3


@pytest.mark.parametrize("policy", ["REJECT_ALL", "SKIP_INVALID"])
async def test_existing_external_id_rejects_no_other_item(client: Client, policy: str) -> None:
    first = await create(client, externalId="a")
    results = await create_many(client, [{"externalId": "a"}, {"externalId": "b"}], errorPolicy=policy)
    assert [(result["created"], result["userErrors"]) for result in results] == [(False, []), (True, [])]
    assert results[0]["task"] == first["task"]
    assert await client.total() == 2


async def test_external_id_of_a_deleted_task_is_taken_until_the_task_is_restored(client: Client) -> None:
    id_ = (await create(client, externalId="a"))["task"]["id"]
    await client.delete(id_)
    rejected = await create(client, externalId="a")
    assert (rejected["task"], rejected["created"], errors(rejected)) == (None, False, [TAKEN])
    assert "deleted" in rejected["userErrors"][0]["message"]
    bulk = await create_many(client, [{"externalId": "a"}, {}], errorPolicy="REJECT_ALL")
    assert [errors(result) for result in bulk] == [[TAKEN], [("NOT_DONE", None)]]
    assert (await client.query(RESTORE, id=id_))["restoreTask"]["userErrors"] == []
    assert (await create(client, externalId="a"))["task"]["id"] == id_


async def test_concurrent_creates_of_an_external_id_create_one_task(client: Client) -> None:
    results: list[Any] = await asyncio.gather(
        *(create(client, externalId="a") for _ in range(10)),
        *(create_many(client, [{"externalId": "a"}, {"externalId": "a"}]) for _ in range(5)),
    )
    flat = [each for result in results for each in (result if isinstance(result, list) else [result])]
    assert len(flat) == 20
    assert Counter(result["created"] for result in flat) == {True: 1, False: 19}
    assert len({result["task"]["id"] for result in flat}) == 1
    assert [result["userErrors"] for result in flat] == [[]] * 20
    assert await client.total() == 1


async def test_concurrent_bulk_creates_in_different_orders_do_not_conflict(client: Client) -> None:
    """Each importer has ids of its own, so only the external ids are common."""
    names = [f"row {number}" for number in range(60)]
    orders = [names, names[::-1], names[30:] + names[:30], sorted(names, key=lambda name: name[::-1])]
    results = await asyncio.gather(*(create_many(client, [{"externalId": name} for name in order]) for order in orders))
    flat = [each for result in results for each in result]
    assert {str(result["userErrors"]) for result in flat} == {"[]"}
    assert Counter(result["created"] for result in flat) == {True: 60, False: 180}
    by_name = {(result["task"]["externalId"], result["task"]["id"]) for result in flat}
    assert len(by_name) == 60
    assert await client.total() == 60


async def test_create_beside_a_delete_finds_the_task_or_is_refused(client: Client) -> None:
    for number in range(15):
        name = f"row {number}"
        id_ = (await create(client, externalId=name))["task"]["id"]
        deleted, *creates = await asyncio.gather(
            client.query(DELETE, id=id_), *(create(client, externalId=name) for _ in range(3))
        )
        assert deleted["deleteTask"]["deletedTaskId"] == id_
        for result in creates:
            found = (result["created"], result["task"] and result["task"]["id"], errors(result))
            assert found in ((False, id_, []), (False, None, [TAKEN]))
    assert await client.total() == 0


async def test_external_ids_of_workspaces_are_apart(database_url: str, redis_url: str) -> None:
    async with running(Settings(database_url=database_url, redis_url=redis_url), named_callers()) as service:
        ours, theirs = (client_as(service, name, "ann") for name in (DEFAULT_WORKSPACE, "acme"))
        created = [await create(client, externalId="a") for client in (ours, theirs)]
        assert [result["created"] for result in created] == [True, True]
        assert (await create(ours, externalId="a"))["task"]["id"] == created[0]["task"]["id"]


@pytest.fixture
async def second_service(database_url: str, redis_url: str) -> AsyncIterator[Client]:
    async with running(Settings(database_url=database_url, redis_url=redis_url)) as client:
        yield client


async def test_task_found_by_its_external_id_is_in_the_index(client: Client, second_service: Client) -> None:
    """A create that finds the task of another process has an answer only after that task can be read everywhere."""
    query = "query ($id: ID!) { task(id: $id) { id } tasks(first: 1) { totalCount nodes { id } } }"
    for number in range(10):
        both = await asyncio.gather(*(create(each, externalId=f"{number}") for each in (client, second_service)))
        assert sorted(result["created"] for result in both) == [False, True]
        id_ = both[0]["task"]["id"]
        for each in (client, second_service):
            found = await each.query(query, id=id_)
            assert found == {"task": {"id": id_}, "tasks": {"totalCount": number + 1, "nodes": [{"id": id_}]}}
