"""Tests lists of tasks: their mutations and queries, and the lists of tasks."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from api.config.settings import Settings
from db.caller import DEFAULT_WORKSPACE
from schema.ids import new_id
from tests.support.graphql_client import Client, running
from tests.support.task_inputs import INVALID_IDS, assert_user_error
from tests.support.task_lists import CREATE_LIST, UPDATE_LIST, create_list, create_task, update_list
from tests.support.workspaces import client_as, named_callers

LISTS = """query ($first: Int, $after: String, $includeArchived: Boolean! = false) {
  taskLists(first: $first, after: $after, includeArchived: $includeArchived) {
    nodes { id name } edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on TaskList { name } ... on Task { title } } }"


async def test_list_is_created_renamed_archived_and_unarchived(client: Client) -> None:
    created = await create_list(client, "Träume 𝄞")
    assert created == created | {
        "name": "Träume 𝄞", "archivedAt": None, "version": 1, "createdBy": None, "updatedBy": None,
        "updatedAt": created["createdAt"],
    }  # fmt: skip
    renamed = await update_list(client, created["id"], name="New")
    assert renamed == created | {"name": "New", "version": 2, "updatedAt": renamed["updatedAt"]}
    assert renamed["updatedAt"] > created["updatedAt"]
    archived = await update_list(client, created["id"], archived=True, expectedVersion=2)
    assert (archived["archivedAt"] is not None, archived["name"], archived["version"]) == (True, "New", 3)
    assert await update_list(client, created["id"], archived=True, name="New") == archived
    assert await update_list(client, created["id"], archived=None, name=None) == archived
    again = await update_list(client, created["id"], archived=False)
    assert (again["archivedAt"], again["version"]) == (None, 4)


async def test_creating_the_id_of_a_list_again_returns_the_list(client: Client) -> None:
    id_ = str(new_id())
    payloads = [
        (await client.query(CREATE_LIST, input={"id": id_, "name": name, "clientMutationId": name}))["createTaskList"]
        for name in ("First", "Second")
    ]
    assert [payload["created"] for payload in payloads] == [True, False]
    assert [payload["clientMutationId"] for payload in payloads] == ["First", "Second"]
    assert payloads[0]["taskList"] == payloads[1]["taskList"]
    assert payloads[0]["taskList"]["name"] == "First"


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("", "BLANK", ["empty"]),
        (" \n", "BLANK", ["empty"]),
        ("x" * 201, "TOO_LONG", ["200", "201"]),
        ("a\0b", "INVALID_CHARACTER", ["NUL"]),
    ],
    ids=ascii,
)
async def test_invalid_name_is_rejected(client: Client, name: str, code: str, words: list[str]) -> None:
    existing = await create_list(client)
    for document, more in ((CREATE_LIST, {}), (UPDATE_LIST, {"id": existing["id"]})):
        [payload] = (await client.query(document, input={"name": name, **more})).values()
        assert payload["taskList"] is None
        assert_user_error(payload["userErrors"], "name", code, words)
    assert (await client.query(LISTS))["taskLists"]["nodes"] == [{"id": existing["id"], "name": "A list"}]


async def test_invalid_ids_and_versions_are_rejected(client: Client) -> None:
    for id_, words in INVALID_IDS:
        for document in (CREATE_LIST, UPDATE_LIST):
            [payload] = (await client.query(document, input={"id": id_, "name": "A"})).values()
            assert_user_error(payload["userErrors"], "id", "INVALID_ID", words)
        assert_user_error((await create_task(client, listId=id_))["userErrors"], "listId", "INVALID_ID", words)
    [unknown] = (await client.query(UPDATE_LIST, input={"id": str(new_id()), "name": "A"})).values()
    [error] = unknown["userErrors"]
    assert (error["code"], error["field"]) == ("NOT_FOUND", ["id"])
    existing = await create_list(client)
    given = {"id": existing["id"], "name": "New", "expectedVersion": 7}
    [conflict] = (await client.query(UPDATE_LIST, input=given)).values()
    assert_user_error(conflict["userErrors"], "expectedVersion", "VERSION_CONFLICT", ["list is at version 1"])
    assert (conflict["taskList"], conflict["currentTaskList"]) == (None, {"id": existing["id"], "version": 1})


async def test_concurrent_updates_of_a_list_are_all_counted(client: Client) -> None:
    id_ = (await create_list(client))["id"]
    await asyncio.gather(*(update_list(client, id_, name=f"Name {number}") for number in range(10)))
    assert (await update_list(client, id_))["version"] == 11


async def test_lists_are_paged_in_the_order_of_their_ids(client: Client) -> None:
    ids = [(await create_list(client, f"List {number}"))["id"] for number in range(5)]
    await update_list(client, ids[2], archived=True)
    open_ids = [id_ for id_ in ids if id_ != ids[2]]
    seen, after = [], None
    for size, more in ((3, True), (3, False)):
        page = (await client.query(LISTS, first=size, after=after))["taskLists"]
        assert [edge["node"]["id"] for edge in page["edges"]] == [node["id"] for node in page["nodes"]]
        assert page["pageInfo"] == {
            "hasNextPage": more, "hasPreviousPage": after is not None,
            "startCursor": page["edges"][0]["cursor"], "endCursor": page["edges"][-1]["cursor"],
        }  # fmt: skip
        seen += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert seen == open_ids
    everything = (await client.query(LISTS, includeArchived=True))["taskLists"]["nodes"]
    assert [node["id"] for node in everything] == ids
    for arguments in ({"first": 101}, {"first": -1}, {"after": "no cursor"}):
        assert (await client.error(LISTS, **arguments))["extensions"]["code"] == "BAD_USER_INPUT"


async def test_node_returns_tasks_and_lists(client: Client) -> None:
    list_, task = await create_list(client), await client.create(title="A task")
    ids = [list_["id"], str(new_id()), task["id"], list_["id"]]
    shown = {"__typename": "TaskList", "id": list_["id"], "name": "A list"}
    found = (await client.query(NODES, ids=ids))["nodes"]
    assert found == [shown, None, {"__typename": "Task", "id": task["id"], "title": "A task"}, shown]
    query = "query ($id: ID!) { node(id: $id) { __typename id ... on TaskList { name } } task(id: $id) { id } }"
    assert await client.query(query, id=list_["id"]) == {"node": shown, "task": None}


@pytest.fixture
async def service(database_url: str, redis_url: str) -> AsyncIterator[Client]:
    async with running(Settings(database_url=database_url, redis_url=redis_url), named_callers()) as client:
        yield client


async def test_list_names_its_authors(service: Client) -> None:
    ann, bob = (client_as(service, DEFAULT_WORKSPACE, name) for name in ("ann", "bob"))
    created = await create_list(ann)
    assert (created["createdBy"], created["updatedBy"]) == ("ann", "ann")
    assert (await update_list(bob, created["id"]))["updatedBy"] == "ann"
    changed = await update_list(bob, created["id"], name="New")
    assert (changed["createdBy"], changed["updatedBy"]) == ("ann", "bob")


async def test_lists_of_another_workspace_do_not_exist(service: Client) -> None:
    ours, theirs = (client_as(service, name, "ann") for name in (DEFAULT_WORKSPACE, "acme"))
    list_ = await create_list(theirs, "Secret")
    assert (await ours.query(LISTS, includeArchived=True))["taskLists"]["nodes"] == []
    assert (await ours.query(NODES, ids=[list_["id"]]))["nodes"] == [None]
    [payload] = (await ours.query(UPDATE_LIST, input={"id": list_["id"], "name": "Mine"})).values()
    assert [error["code"] for error in payload["userErrors"]] == ["NOT_FOUND"]
    task = await create_task(ours, listId=list_["id"])
    assert [error["code"] for error in task["userErrors"]] == ["NOT_FOUND"]
    # The id is free in this workspace.
    assert (await create_list(ours, "Ours", id=list_["id"]))["name"] == "Ours"
    assert (await theirs.query(LISTS))["taskLists"]["nodes"] == [{"id": list_["id"], "name": "Secret"}]
