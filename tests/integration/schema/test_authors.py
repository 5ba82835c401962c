"""Tests who created and who last changed a task: `createdBy` and `updatedBy`."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from api.config.settings import Settings
from db.caller import ANONYMOUS, DEFAULT_WORKSPACE, MAX_AUTHOR_CHARACTERS, SCOPES, Caller
from schema.ids import new_id
from tests.support.graphql_client import CREATE_MANY, Client, running
from tests.support.workspaces import client_as, named_callers

AUTHORS = "id createdBy updatedBy"
TASK = f"query ($id: ID!) {{ task(id: $id) {{ {AUTHORS} }} }}"
PAGE = f"{{ tasks {{ nodes {{ {AUTHORS} }} }} }}"
SEARCH = f"query ($words: String!) {{ searchTasks(query: $words) {{ nodes {{ {AUTHORS} }} }} }}"
DELETED = f"query ($id: ID!) {{ deletedTask(id: $id) {{ task {{ {AUTHORS} }} }} }}"
UPDATE_MANY = f"""
mutation ($tasks: [UpdateTaskInput!]!) {{
  updateTasks(input: {{ tasks: $tasks }}) {{ results {{ task {{ {AUTHORS} }} }} }}
}}
"""


@pytest.fixture
async def ann(database_url: str, redis_url: str) -> AsyncIterator[Client]:
    """Yield a client that is Ann in the default workspace."""
    async with running(Settings(database_url=database_url, redis_url=redis_url), named_callers()) as client:
        yield client_as(client, DEFAULT_WORKSPACE, "ann")


def edit(name: str, fields: str = "") -> str:
    payload = "deletedTaskId" if name == "deleteTask" else f"task {{ {AUTHORS} version }}"
    return f"mutation ($id: ID!) {{ {name}(input: {{ id: $id {fields} }}) {{ {payload} userErrors {{ code }} }} }}"


async def authors(client: Client, id_: str) -> tuple[str | None, str | None]:
    """Return who created and who changed a task. A page, an entry and a search must agree."""
    [page] = [node for node in (await client.query(PAGE))["tasks"]["nodes"] if node["id"] == id_]
    found = (await client.query(TASK, id=id_))["task"]
    assert found == page
    return found["createdBy"], found["updatedBy"]


async def test_each_change_names_its_author(ann: Client) -> None:
    bob = client_as(ann, DEFAULT_WORKSPACE, "bob")
    task = await ann.create(title="Authors")
    assert (task["createdBy"], task["updatedBy"]) == ("ann", "ann")
    assert await authors(ann, task["id"]) == ("ann", "ann")
    await bob.query(edit("updateTask", 'title: "Other authors"'), id=task["id"])
    assert await authors(ann, task["id"]) == ("ann", "bob")
    await ann.query(edit("completeTask"), id=task["id"])
    assert await authors(bob, task["id"]) == ("ann", "ann")
    assert (await bob.query(SEARCH, words="authors"))["searchTasks"]["nodes"][0]["updatedBy"] == "ann"


async def test_change_of_nothing_keeps_the_author(ann: Client) -> None:
    task = await ann.create(title="The same")
    bob = client_as(ann, DEFAULT_WORKSPACE, "bob")
    same = (await bob.query(edit("updateTask", 'title: "The same"'), id=task["id"]))["updateTask"]["task"]
    assert (same["updatedBy"], same["version"]) == ("ann", 1)
    assert await authors(bob, task["id"]) == ("ann", "ann")


async def test_deleted_and_restored_tasks_name_who_did_it(ann: Client) -> None:
    bob, task = client_as(ann, DEFAULT_WORKSPACE, "bob"), await ann.create()
    await bob.query(edit("deleteTask"), id=task["id"])
    deleted = (await ann.query(DELETED, id=task["id"]))["deletedTask"]["task"]
    assert (deleted["createdBy"], deleted["updatedBy"]) == ("ann", "bob")
    await client_as(ann, DEFAULT_WORKSPACE, "eve").query(edit("restoreTask"), id=task["id"])
    assert await authors(ann, task["id"]) == ("ann", "eve")


async def test_bulk_mutations_name_their_author(ann: Client) -> None:
    created = (await ann.query(CREATE_MANY, tasks=[{"title": str(number)} for number in range(3)]))["createTasks"]
    ids = [result["task"]["id"] for result in created["results"]]
    for id_ in ids:
        assert await authors(ann, id_) == ("ann", "ann")
    bob = client_as(ann, DEFAULT_WORKSPACE, "bob")
    tasks = [{"id": id_, "status": "DONE"} for id_ in ids]
    changed = (await bob.query(UPDATE_MANY, tasks=tasks))["updateTasks"]["results"]
    assert [result["task"]["updatedBy"] for result in changed] == ["bob"] * 3
    assert await authors(ann, ids[1]) == ("ann", "bob")


async def test_taken_id_keeps_its_author(ann: Client) -> None:
    id_ = str(new_id())
    await ann.create(id=id_)
    again = await client_as(ann, DEFAULT_WORKSPACE, "bob").create(id=id_)
    assert (again["createdBy"], again["updatedBy"]) == ("ann", "ann")


async def test_anonymous_callers_and_earlier_rows_have_no_author(client: Client, database_url: str) -> None:
    task = await client.create()
    assert await authors(client, task["id"]) == (None, None)
    with psycopg.connect(database_url, autocommit=True) as connection:
        # A worker of an earlier version, which does not know of the columns.
        connection.execute(
            "INSERT INTO task (workspace_id, id, title) VALUES ('default', %s, 'Earlier')", (id_ := new_id(),)
        )
    assert (await client.query(TASK, id=str(id_)))["task"] == {"id": str(id_), "createdBy": None, "updatedBy": None}


@pytest.mark.parametrize(
    ("actor", "author"),
    [
        ("ann", "ann"),
        ("issuer|" + "🫖" * 400, ("issuer|" + "🫖" * 400)[:MAX_AUTHOR_CHARACTERS]),
        (ANONYMOUS.actor, None),
    ],
)
async def test_author_of_a_caller(actor: str, author: str | None) -> None:
    assert Caller(actor, DEFAULT_WORKSPACE, frozenset(SCOPES)).author == author


async def test_longest_author_is_stored(ann: Client) -> None:
    task = await client_as(ann, DEFAULT_WORKSPACE, "x" * 1000).create()
    assert await authors(ann, task["id"]) == ("x" * MAX_AUTHOR_CHARACTERS,) * 2


async def test_concurrent_writes_do_not_mix_their_authors(ann: Client) -> None:
    names = [f"actor-{number}" for number in range(20)]
    created: list[Any] = await asyncio.gather(*(client_as(ann, DEFAULT_WORKSPACE, name).create() for name in names))
    assert [task["createdBy"] for task in created] == names
