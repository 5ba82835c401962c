"""Tests the queries for deleted tasks, and what restoring answers about tasks that are gone."""

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from schema.ids import new_id
from tests.support.graphql_client import TASK_FIELDS, Client
from tests.support.task_factories import in_an_hour

PAGE = f"""
query ($first: Int, $after: String, $last: Int, $before: String) {{
  deletedTasks(first: $first, after: $after, last: $last, before: $before) {{
    edges {{ cursor node {{ deletedAt purgeAt task {{ ...TaskFields }} }} }}
    nodes {{ deletedAt task {{ id }} }}
    pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor pageNumber pageCount }}
  }}
}}
{TASK_FIELDS}
"""
ONE = "query ($id: ID!) { deletedTask(id: $id) { deletedAt purgeAt task { id title version } } }"
RESTORE = """
mutation ($input: RestoreTasksInput!) {
  restoreTasks(input: $input) { results { task { id } userErrors { field code message } } }
}
"""


async def delete_many(client: Client, count: int) -> list[str]:
    """Create and delete tasks one after the other. Return their ids, newest deletion first."""
    ids = await client.create_many([f"Task {number}" for number in range(count)])
    for id_ in ids:
        await client.delete(id_)
    return ids[::-1]


async def deleted_ids(client: Client, **arguments: Any) -> list[str]:
    page = (await client.query(PAGE, **arguments))["deletedTasks"]
    ids = [node["task"]["id"] for node in page["nodes"]]
    assert ids == [edge["node"]["task"]["id"] for edge in page["edges"]]
    return ids


async def test_deleted_task_is_listed_until_it_is_restored(client: Client) -> None:
    task = await client.create(title='A "deleted" task', description="with a text", priority="HIGH")
    assert await deleted_ids(client) == []
    await client.delete(task["id"])
    page = (await client.query(PAGE))["deletedTasks"]
    [edge] = page["edges"]
    deleted = edge["node"]
    changed = {"updatedAt": deleted["task"]["updatedAt"], "version": 2}
    assert deleted["task"] == task | changed
    days = datetime.fromisoformat(deleted["purgeAt"]) - datetime.fromisoformat(deleted["deletedAt"])
    assert days == timedelta(days=30)
    assert page["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": False,
        "startCursor": edge["cursor"],
        "endCursor": edge["cursor"],
        "pageNumber": None,
        "pageCount": None,
    }
    found = (await client.query(ONE, id=task["id"]))["deletedTask"]
    assert found["deletedAt"] == deleted["deletedAt"]
    assert found["task"] == {"id": task["id"], "title": task["title"], "version": 2}
    [result] = (await client.query(RESTORE, input={"tasks": [{"id": task["id"]}]}))["restoreTasks"]["results"]
    assert result == {"task": {"id": task["id"]}, "userErrors": []}
    assert await deleted_ids(client) == []
    assert (await client.query(ONE, id=task["id"]))["deletedTask"] is None


async def test_cursors_lead_through_all_pages_in_both_directions(client: Client) -> None:
    ids = await delete_many(client, 7)
    found: list[str] = []
    after = None
    while True:
        page = (await client.query(PAGE, first=3, after=after))["deletedTasks"]
        found += [edge["node"]["task"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == ids
    first = (await client.query(PAGE, last=2, before=after))["deletedTasks"]
    assert [edge["node"]["task"]["id"] for edge in first["edges"]] == ids[4:6]
    assert (first["pageInfo"]["hasPreviousPage"], first["pageInfo"]["hasNextPage"]) == (True, True)
    assert await deleted_ids(client, first=5, last=2) == ids[3:5]
    assert await deleted_ids(client, first=0) == []


async def test_cursor_survives_the_restore_of_its_task(client: Client) -> None:
    ids = await delete_many(client, 4)
    cursor = (await client.query(PAGE, first=2))["deletedTasks"]["pageInfo"]["endCursor"]
    await client.query(RESTORE, input={"tasks": [{"id": ids[1]}]})
    assert await deleted_ids(client, after=cursor) == ids[2:]
    assert await deleted_ids(client) == [ids[0], *ids[2:]]


async def test_cursor_of_another_query_is_rejected(client: Client) -> None:
    await delete_many(client, 1)
    await client.create()
    deleted = (await client.query(PAGE))["deletedTasks"]["pageInfo"]["startCursor"]
    listed = (await client.query("{ tasks { pageInfo { startCursor } } }"))["tasks"]["pageInfo"]["startCursor"]
    error = await client.error(PAGE, after=listed)
    assert error["message"] == ("after is a cursor of the order NEWEST or OLDEST. Pass a cursor of deletedTasks.")
    error = await client.error("query ($c: String) { tasks(after: $c) { nodes { id } } }", c=deleted)
    assert error["message"] == ("after is a cursor of deletedTasks. Pass a cursor of the order NEWEST.")


async def test_aliases_read_the_current_state_beside_a_cached_page(client: Client) -> None:
    document = "{ tasks { totalCount } deletedTasks { nodes { task { id } } } }"
    task = await client.create()
    for _ in range(3):
        assert (await client.query(document))["deletedTasks"]["nodes"] == []
    await client.delete(task["id"])
    assert await client.query(document) == {
        "tasks": {"totalCount": 0},
        "deletedTasks": {"nodes": [{"task": {"id": task["id"]}}]},
    }


@pytest.mark.parametrize("field", ["restoreTask", "restoreTasks"])
async def test_restoring_says_whether_the_task_was_purged_or_has_expired(
    client: Client, database_url: str, field: str
) -> None:
    expired = (await client.create(expiresAt=in_an_hour().isoformat()))["id"]
    purged = str(new_id())
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute("UPDATE task SET expires_at = now() - interval '1 second' WHERE id = %s", (expired,))
    for id_, words in ((purged, "it has been purged"), (expired, "expired task cannot be restored")):
        if field == "restoreTask":
            document = (
                "mutation ($input: RestoreTaskInput!) { restoreTask(input: $input) { userErrors { code message } } }"
            )
            [error] = (await client.query(document, input={"id": id_}))[field]["userErrors"]
        else:
            [result] = (await client.query(RESTORE, input={"tasks": [{"id": id_}]}))[field]["results"]
            [error] = result["userErrors"]
        assert error["code"] == "NOT_FOUND"
        assert words in error["message"]
