"""Tests the mutations of one task."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from schema.ids import new_id
from tests.support.graphql_client import CREATE, DELETE, TASK_FIELDS, Client
from tests.support.task_inputs import DEFAULTS, VALID_FIELDS

UPDATE = f"""
mutation ($input: UpdateTaskInput!) {{
  updateTask(input: $input) {{ task {{ ...TaskFields }} userErrors {{ field message code }} }}
}}
{TASK_FIELDS}
"""

RESTORE = f"""
mutation ($input: RestoreTaskInput!) {{
  restoreTask(input: $input) {{ task {{ ...TaskFields }} userErrors {{ field message code }} }}
}}
{TASK_FIELDS}
"""

TASK = f"query ($id: ID!) {{ task(id: $id) {{ ...TaskFields }} }} {TASK_FIELDS}"

NEXT_WEEK = datetime.now(UTC).replace(microsecond=0) + timedelta(days=7)


async def update(client: Client, **fields: Any) -> Any:
    payload = (await client.query(UPDATE, input=fields))["updateTask"]
    assert payload["userErrors"] == []
    return payload["task"]


async def test_create_task_with_a_title_only(client: Client) -> None:
    task = await client.create(title="Buy milk")
    assert UUID(task["id"]).version == 7
    assert task == {
        "id": task["id"],
        "title": "Buy milk",
        "createdAt": task["createdAt"],
        "updatedAt": task["createdAt"],
        "version": 1,
        "createdBy": None,
        "updatedBy": None,
        **DEFAULTS,
    }
    assert datetime.fromisoformat(task["createdAt"]).utcoffset() == timedelta(0)
    assert (await client.query(TASK, id=task["id"]))["task"] == task
    assert await client.total() == 1


@pytest.mark.parametrize(("field", "value"), VALID_FIELDS)
async def test_field_is_created_updated_and_kept(client: Client, field: str, value: Any) -> None:
    created = await client.create(**{field: value})
    assert created[field] == value
    updated = await update(client, **{"id": (await client.create())["id"], field: value})
    assert updated[field] == value
    other_field = "description" if field == "title" else "title"
    kept = await update(client, **{"id": created["id"], other_field: "Another text"})
    assert kept[field] == value


async def test_create_task_with_every_field(client: Client) -> None:
    id_ = str(new_id())
    given = {"id": id_, "title": "Träume 𝄞", "description": "a\nb", "status": "DONE", "priority": "URGENT"}
    task = await client.create(**given, expiresAt=NEXT_WEEK.isoformat())
    assert {field: task[field] for field in given} == given
    assert datetime.fromisoformat(task["expiresAt"]) == NEXT_WEEK
    assert (await client.query(TASK, id=id_))["task"] == task


async def test_null_in_a_create_means_the_default(client: Client) -> None:
    task = await client.create(id=None, description=None, status=None, priority=None, expiresAt=None)
    assert (task["description"], task["status"], task["priority"]) == ("", "TODO", "NONE")


@pytest.mark.parametrize("offset", ["+05:30", "-11:00"])
async def test_expiry_with_an_offset_is_the_same_moment(client: Client, offset: str) -> None:
    local = NEXT_WEEK.strftime("%Y-%m-%dT%H:%M:%S") + offset
    task = await client.create(expiresAt=local)
    assert datetime.fromisoformat(task["expiresAt"]) == datetime.fromisoformat(local)


async def test_creating_an_id_twice_creates_one_task(client: Client) -> None:
    id_ = str(new_id())
    first = await client.create(id=id_, title="First")
    assert await client.create(id=id_.upper(), title="Second") == first
    assert await client.total() == 1


async def test_update_changes_every_field(client: Client) -> None:
    task = await client.create()
    given = {"title": "New", "description": "Words", "status": "IN_PROGRESS", "priority": "LOW"}
    changed = await update(client, id=task["id"], **given, expiresAt=NEXT_WEEK.isoformat())
    assert {field: changed[field] for field in given} == given
    assert datetime.fromisoformat(changed["expiresAt"]) == NEXT_WEEK
    assert changed["version"] == 2
    assert changed["createdAt"] == task["createdAt"]
    assert changed["updatedAt"] > task["updatedAt"]
    assert (await client.query(TASK, id=task["id"]))["task"] == changed


async def test_update_keeps_omitted_fields_and_null_removes_the_expiry(client: Client) -> None:
    task = await client.create(description="Words", priority="HIGH", expiresAt=NEXT_WEEK.isoformat())
    changed = await update(client, id=task["id"], title="New")
    assert changed == task | {"title": "New", "version": 2, "updatedAt": changed["updatedAt"]}
    cleared = await update(client, id=task["id"], expiresAt=None)
    assert cleared == changed | {"expiresAt": None, "version": 3, "updatedAt": cleared["updatedAt"]}
    emptied = await update(client, id=task["id"], description="")
    assert emptied == cleared | {"description": "", "version": 4, "updatedAt": emptied["updatedAt"]}
    assert (await client.query(TASK, id=task["id"]))["task"] == emptied


async def test_null_removes_the_value_of_an_optional_field(client: Client) -> None:
    optional = {"dueAt": NEXT_WEEK.isoformat(), "assignee": "ann", "labels": ["a"], "metadata": {"a": 1}}
    task = await client.create(**optional)
    cleared = await update(client, id=task["id"], **dict.fromkeys(optional))
    assert {name: cleared[name] for name in optional} == {name: DEFAULTS[name] for name in optional}
    assert (await client.query(TASK, id=task["id"]))["task"] == cleared


async def test_update_without_a_change_keeps_the_version(client: Client) -> None:
    same = {"title": "Same", "labels": ["b", "a"], "metadata": {"a": [1, None]}, "assignee": "ann"}
    task = await client.create(**same)
    assert await update(client, id=task["id"]) == task
    assert await update(client, id=task["id"], status="TODO", **same) == task
    # In Python, 1 equals true.
    assert (await update(client, id=task["id"], metadata={"a": [True, None]}))["version"] == 2


async def test_due_task_does_not_disappear(client: Client) -> None:
    task = await client.create(dueAt="2001-01-01T00:00:00Z")
    assert (await client.query(TASK, id=task["id"]))["task"] == task
    assert await client.total() == 1


async def test_metadata_can_be_a_literal_with_variables(client: Client) -> None:
    document = """mutation ($x: Int) {
      createTask(input: { title: "A", metadata: { a: [$x, { b: ENUM, c: null }], d: 1.5 } }) { task { metadata } }
    }"""
    created = (await client.query(document, x=7))["createTask"]["task"]
    assert created == {"metadata": {"a": [7, {"b": "ENUM", "c": None}], "d": 1.5}}


async def test_update_moves_a_task_to_another_status(client: Client) -> None:
    task = await client.create()
    await update(client, id=task["id"], status="DONE")
    counts = "{ todo: tasks(status: TODO) { totalCount } done: tasks(status: DONE) { totalCount nodes { id } } }"
    found = await client.query(counts)
    assert found["todo"]["totalCount"] == 0
    assert found["done"] == {"totalCount": 1, "nodes": [{"id": task["id"]}]}


@pytest.mark.parametrize("field", ["updateTask", "deleteTask"])
async def test_wrong_expected_version_is_rejected(client: Client, field: str) -> None:
    task = await client.create()
    await update(client, id=task["id"], title="Concurrent change")
    given = {"id": task["id"]} | ({"title": "Mine"} if field == "updateTask" else {})
    document = UPDATE if field == "updateTask" else DELETE
    for wrong in (1, 3, 0, -1):
        payload = (await client.query(document, input=given | {"expectedVersion": wrong}))[field]
        [error] = payload["userErrors"]
        assert (error["code"], error["field"]) == ("VERSION_CONFLICT", ["expectedVersion"])
        assert "version 2" in error["message"]
    assert (await client.query(TASK, id=task["id"]))["task"]["title"] == "Concurrent change"
    payload = (await client.query(document, input=given | {"expectedVersion": 2}))[field]
    assert payload["userErrors"] == []


async def test_deleted_task_is_hidden_until_restored(client: Client) -> None:
    kept = await client.create(title="Kept")
    task = await client.create(title="Deleted and restored", status="DONE")
    await client.delete(task["id"])
    assert (await client.query(TASK, id=task["id"]))["task"] is None
    found = (await client.query("{ tasks { nodes { id } totalCount } }"))["tasks"]
    assert found == {"nodes": [{"id": kept["id"]}], "totalCount": 1}

    again = (await client.query(DELETE, input={"id": task["id"]}))["deleteTask"]
    assert again["deletedTaskId"] is None
    assert [error["code"] for error in again["userErrors"]] == ["NOT_FOUND"]
    rejected = (await client.query(UPDATE, input={"id": task["id"], "title": "New"}))["updateTask"]
    assert [error["code"] for error in rejected["userErrors"]] == ["NOT_FOUND"]

    payload = (await client.query(RESTORE, input={"id": task["id"]}))["restoreTask"]
    assert payload["userErrors"] == []
    restored = payload["task"]
    assert restored["version"] > task["version"]
    assert restored == task | {"version": restored["version"], "updatedAt": restored["updatedAt"]}
    assert (await client.query(TASK, id=task["id"]))["task"] == restored
    found = (await client.query("{ tasks(status: DONE) { nodes { id } totalCount } }"))["tasks"]
    assert found == {"nodes": [{"id": task["id"]}], "totalCount": 1}


async def test_restoring_a_task_that_is_not_deleted_changes_nothing(client: Client) -> None:
    task = await client.create()
    payload = (await client.query(RESTORE, input={"id": task["id"]}))["restoreTask"]
    assert payload == {"task": task, "userErrors": []}


async def test_mutations_of_a_request_run_in_order(client: Client) -> None:
    task = await client.create(title="One")
    document = """
    mutation ($id: ID!) {
      two: updateTask(input: { id: $id, title: "Two", expectedVersion: 1 }) { task { title version } }
      same: updateTask(input: { id: $id }) { task { title version } }
      three: updateTask(input: { id: $id, title: "Three", expectedVersion: 2 }) { task { title version } }
      gone: deleteTask(input: { id: $id, expectedVersion: 3 }) { deletedTaskId }
      back: restoreTask(input: { id: $id }) { task { title } }
      created: createTask(input: { id: $id, title: "Five" }) { task { title } }
    }
    """
    assert await client.query(document, id=task["id"]) == {
        "two": {"task": {"title": "Two", "version": 2}},
        "same": {"task": {"title": "Two", "version": 2}},
        "three": {"task": {"title": "Three", "version": 3}},
        "gone": {"deletedTaskId": task["id"]},
        "back": {"task": {"title": "Three"}},
        "created": {"task": {"title": "Three"}},
    }


async def test_rejected_mutation_does_not_stop_the_next_ones(client: Client) -> None:
    document = """
    mutation {
      good: createTask(input: { title: "Good" }) { task { title } userErrors { code } }
      bad: createTask(input: { title: "" }) { task { title } userErrors { code } }
      last: createTask(input: { title: "Last" }) { task { title } userErrors { code } }
    }
    """
    assert await client.query(document) == {
        "good": {"task": {"title": "Good"}, "userErrors": []},
        "bad": {"task": None, "userErrors": [{"code": "BLANK"}]},
        "last": {"task": {"title": "Last"}, "userErrors": []},
    }
    assert await client.total() == 2


async def test_read_sees_every_write_before_it(client: Client) -> None:
    task = await client.create(title="0")
    for number in range(1, 20):
        await update(client, id=task["id"], title=str(number))
        found = (await client.query(TASK, id=task["id"]))["task"]
        assert (found["title"], found["version"]) == (str(number), number + 1)
    assert (await client.query(CREATE, input={"title": "x", "id": task["id"]}))["createTask"]["task"]["title"] == "19"
