"""Tests the lists of tasks: which they may enter, and how lists are read."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from api.config.settings import Settings
from schema.ids import new_id
from tests.support.graphql_client import Client, ready
from tests.support.http_service import listening_service
from tests.support.task_lists import TASK_FIELDS, create_list, create_task, update_list, update_task
from tests.support.websocket_client import connected, subscribe

CREATE_MANY = f"mutation ($input: CreateTasksInput!) {{ createTasks(input: $input) {{ results {{ {TASK_FIELDS} }} }} }}"
UPDATE_MANY = f"mutation ($input: UpdateTasksInput!) {{ updateTasks(input: $input) {{ results {{ {TASK_FIELDS} }} }} }}"
ALL_FIELDS = "id dueAt assignee labels metadata externalId listId list { id name }"
CHANGED = f"subscription {{ taskChanged {{ kind task {{ {ALL_FIELDS} }} }} }}"
FOUND = f"""{{ searchTasks(query: "words") {{ nodes {{ {ALL_FIELDS} }} }}
  filterTasks(filter: {{ status: DONE }}) {{ nodes {{ {ALL_FIELDS} }} }}
  tasks {{ nodes {{ {ALL_FIELDS} }} }} }}"""
DELETED = f"{{ deletedTasks {{ nodes {{ task {{ {ALL_FIELDS} }} }} }} }}"
PAGE = "{ tasks(first: 100) { nodes { title list { id name archivedAt } } } }"


async def test_task_enters_and_leaves_lists(client: Client) -> None:
    first, second = [await create_list(client, name) for name in ("First", "Second")]
    task = (await create_task(client, listId=first["id"].upper()))["task"]
    assert (task["listId"], task["list"]) == (first["id"], {"id": first["id"], "name": "First"})
    moved = (await update_task(client, id=task["id"], listId=second["id"]))["task"]
    assert (moved["list"]["name"], moved["version"]) == ("Second", 2)
    assert (await update_task(client, id=task["id"], title="Kept"))["task"]["listId"] == second["id"]
    removed = (await update_task(client, id=task["id"], listId=None))["task"]
    assert (removed["listId"], removed["list"], removed["version"]) == (None, None, 4)
    assert (await create_task(client))["task"]["list"] is None


async def test_task_cannot_enter_an_unknown_or_archived_list(client: Client) -> None:
    archived, other = await create_list(client, "Archived"), await create_list(client, "Open")
    inside = (await create_task(client, listId=archived["id"]))["task"]
    outside = (await create_task(client))["task"]
    await update_list(client, archived["id"], archived=True)
    wrong = {str(new_id()): ("NOT_FOUND", ["list"]), archived["id"]: ("NOT_ALLOWED", ["archived"])}
    for list_id, (code, words) in wrong.items():
        for payload in (
            await create_task(client, listId=list_id),
            await update_task(client, id=outside["id"], listId=list_id),
        ):
            [error] = payload["userErrors"]
            assert (error["code"], error["field"], payload["task"]) == (code, ["listId"], None)
            assert all(word in error["message"] for word in words)
    # The tasks of an archived list can be changed, moved away, and created again by a retry.
    changed = (await update_task(client, id=inside["id"], title="New", listId=archived["id"]))["task"]
    assert changed["list"] == {"id": archived["id"], "name": "Archived"}
    again = await create_task(client, id=inside["id"], listId=archived["id"])
    assert (again["task"], again["userErrors"]) == (changed, [])
    assert (await update_task(client, id=inside["id"], listId=other["id"]))["task"]["listId"] == other["id"]
    assert await client.total() == 2


@pytest.mark.parametrize("policy", ["SKIP_INVALID", "REJECT_ALL"])
async def test_bulk_mutations_check_the_list_of_each_item(client: Client, policy: str) -> None:
    good, archived = await create_list(client), await create_list(client)
    tasks = [(await create_task(client))["task"]["id"] for _ in range(4)]
    await update_list(client, archived["id"], archived=True)
    lists = [good["id"], str(new_id()), archived["id"], None]
    skipped = policy == "SKIP_INVALID"
    valid = "" if skipped else "NOT_DONE"
    expected = [valid, "NOT_FOUND", "NOT_ALLOWED", valid]
    for document, items in (
        (CREATE_MANY, [{"title": "New", "listId": list_id} for list_id in lists]),
        (
            UPDATE_MANY,
            [{"id": id_, "title": "New", "listId": list_id} for id_, list_id in zip(tasks, lists, strict=True)],
        ),
    ):
        [payload] = (await client.query(document, input={"tasks": items, "errorPolicy": policy})).values()
        results = payload["results"]
        assert [" ".join(error["code"] for error in result["userErrors"]) for result in results] == expected
        assert [result["task"] is not None for result in results] == [skipped, False, False, skipped]
    found = (await client.query(PAGE))["tasks"]["nodes"]
    changed = [task["list"] and task["list"]["id"] for task in found if task["title"] == "New"]
    assert sorted(changed, key=str) == (sorted([good["id"], good["id"], None, None], key=str) if skipped else [])


async def test_lists_of_a_page_take_one_query_and_are_never_stale(client: Client) -> None:
    lists = [await create_list(client, f"List {number}") for number in range(3)]
    items = [{"title": f"{number}", "listId": lists[number % 3]["id"]} for number in range(30)] + [{"title": "none"}]
    await client.query(CREATE_MANY, input={"tasks": items})
    await client.query(PAGE)
    for name in ("Before", "After"):
        await update_list(client, lists[1]["id"], name=name)
        for _ in range(2):
            body = {"query": PAGE}
            answer = (await client.http.post("/graphql", json=body, headers={"X-Millitask-Trace": "1"})).json()
            cache = answer["extensions"]["cache"]
            assert (cache["hits"], cache["misses"], cache["sqlQueries"]) == (31, 0, 1)
            names = {node["list"] and node["list"]["name"] for node in answer["data"]["tasks"]["nodes"]}
            assert names == {"List 0", name, "List 2", None}


async def test_list_that_a_mutation_changes_is_read_again_by_the_next_field(client: Client) -> None:
    list_ = await create_list(client, "Before")
    task = (await create_task(client, listId=list_["id"]))["task"]
    document = """mutation ($task: ID!, $list: ID!) {
      before: updateTask(input: { id: $task, title: "1" }) { task { list { name } } }
      updateTaskList(input: { id: $list, name: "After" }) { taskList { name } }
      after: updateTask(input: { id: $task, title: "2" }) { task { list { name } } }
    }"""
    found = await client.query(document, task=task["id"], list=list_["id"])
    assert [found[name]["task"]["list"]["name"] for name in ("before", "after")] == ["Before", "After"]


async def test_events_searches_and_deleted_tasks_have_every_field(database_url: str, redis_url: str) -> None:
    settings = Settings(database_url=database_url, redis_url=redis_url)
    async with (
        listening_service(settings) as url,
        httpx.AsyncClient(base_url=url.removesuffix("/graphql"), timeout=30) as http,
        connected(url) as websocket,
    ):
        await ready(client := Client(http))
        list_ = await create_list(client, "Events")
        assert (await subscribe(websocket, CHANGED))["payload"]["data"]["taskChanged"]["kind"] == "RESYNC"
        values: dict[str, Any] = {"dueAt": "2030-01-01T00:00:00.000001+00:00", "assignee": "ann", "labels": ["b", "a"]}
        values |= {"metadata": {"a": [1, {"b": None}]}, "externalId": "7", "listId": list_["id"]}
        task = await client.create(title="Some words", status="DONE", **values)
        expected = {"id": task["id"], **values, "list": {"id": list_["id"], "name": "Events"}}
        event = {"kind": "RESYNC"}
        while event["kind"] == "RESYNC":
            event = json.loads(await asyncio.wait_for(websocket.recv(), 60))["payload"]["data"]["taskChanged"]
        assert event == {"kind": "CREATED", "task": expected}
        found = await client.query(FOUND)
        assert [connection["nodes"] for connection in found.values()] == [[expected]] * 3
        await client.delete(task["id"])
        assert (await client.query(DELETED))["deletedTasks"]["nodes"] == [{"task": expected}]
