"""Tests invalid arguments of queries: every error names the argument and the limit."""

import base64
from typing import Any
from uuid import uuid4

import pytest

from schema.ids import new_id
from tests.support.graphql_client import Client
from tests.support.task_inputs import INVALID_IDS, assert_validation_error

ARGUMENTS = "first: $first, after: $after, last: $last, before: $before"
VARIABLES = "$first: Int, $after: String, $last: Int, $before: String"
INFO = "nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
PAGE = f"""
query ({VARIABLES}, $page: Int, $status: TaskStatus, $orderBy: TaskOrder! = NEWEST) {{
  tasks({ARGUMENTS}, page: $page, status: $status, orderBy: $orderBy) {{ {INFO} totalCount }}
}}
"""
FILTER = (
    f"query ({VARIABLES}, $filter: TaskFilter! = {{}}) {{ filterTasks(filter: $filter, {ARGUMENTS}) {{ {INFO} }} }}"
)
SEARCH = f"""
query ($first: Int, $after: String, $query: String! = "existing") {{
  searchTasks(query: $query, first: $first, after: $after) {{ {INFO} }}
}}
"""
DELETED = f"query ({VARIABLES}) {{ deletedTasks({ARGUMENTS}) {{ {INFO.replace('id', 'task { id }', 1)} }} }}"
CONNECTIONS = {"tasks": PAGE, "filterTasks": FILTER, "searchTasks": SEARCH, "deletedTasks": DELETED}
SIDES = [(name, side) for name in CONNECTIONS for side in ("first", "last") if (name, side) != ("searchTasks", "last")]
ENDS = [(name, "after" if side == "first" else "before") for name, side in SIDES]
NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"


async def assert_bad_input(
    client: Client, document: str, argument: str, *words: str, **variables: Any
) -> dict[str, int]:
    """Assert that the error names the argument and contains the words. Return the error's limit and requested value."""
    error = await client.error(document, **variables)
    extensions: dict[str, Any] = error["extensions"]
    assert (extensions.pop("code"), extensions.pop("argument")) == ("BAD_USER_INPUT", argument), variables
    for word in (argument, *words):
        assert word in error["message"], variables
    assert len(error["message"]) < 200
    return extensions


@pytest.mark.parametrize("field", ["task", "node", "nodes"])
async def test_invalid_id_is_rejected(client: Client, existing_task: Any, field: str) -> None:
    for id_, words in INVALID_IDS:
        if field == "nodes":
            await assert_bad_input(client, NODES, "ids", *words, ids=[existing_task["id"], id_])
        else:
            await assert_bad_input(client, f"query ($id: ID!) {{ {field}(id: $id) {{ id }} }}", "id", *words, id=id_)


async def test_more_than_100_ids_are_rejected(client: Client, existing_task: Any) -> None:
    ids = [existing_task["id"], *(str(new_id()) for _ in range(99))]
    assert (await client.query(NODES, ids=ids))["nodes"] == [{"id": existing_task["id"]}, *[None] * 99]
    numbers = await assert_bad_input(client, NODES, "ids", "100", "101", ids=[*ids, str(new_id())])
    assert numbers == {"limit": 100, "requested": 101}


@pytest.mark.parametrize(("name", "side"), SIDES)
async def test_page_size_out_of_range_is_rejected(client: Client, existing_task: Any, name: str, side: str) -> None:
    for count in (0, 100):
        await client.query(CONNECTIONS[name], **{side: count})
    for count in (-1, 101, 10**9, -(2**31)):
        numbers = await assert_bad_input(client, CONNECTIONS[name], side, "0 to 100", str(count), **{side: count})
        assert numbers == {"limit": 100, "requested": count}
    for other in (2**31, 10**30, 1.5, "1", True):
        await assert_validation_error(client, CONNECTIONS[name], side, **{side: other})


async def test_page_number_with_cursor_or_last_is_rejected(client: Client, existing_task: Any) -> None:
    cursor = (await client.query(PAGE))["tasks"]["pageInfo"]["startCursor"]
    for argument, value in (("after", cursor), ("before", cursor), ("last", 1)):
        await assert_bad_input(client, PAGE, "page", argument, page=1, **{argument: value})


async def test_page_number_out_of_range_is_rejected(client: Client, existing_task: Any) -> None:
    for page in (0, -1, 10**9 + 1, 2**31 - 1):
        numbers = await assert_bad_input(client, PAGE, "page", "1 to 1000000000", str(page), page=page)
        assert numbers == {"limit": 10**9, "requested": page}
    for other in (2**31, 1.5, "1", True):
        await assert_validation_error(client, PAGE, "page", page=other)


async def test_page_past_the_end_is_empty(client: Client, existing_task: Any) -> None:
    empty = {"hasNextPage": False, "hasPreviousPage": True, "startCursor": None, "endCursor": None}
    for page in (2, 20_000, 10**9):
        found = (await client.query(PAGE, first=100, page=page))["tasks"]
        assert found == {"nodes": [], "totalCount": 1, "pageInfo": empty}


async def test_unknown_status_or_order_is_rejected(client: Client, existing_task: Any) -> None:
    for argument in ("status", "orderBy"):
        for value in ("LATER", "newest", "", 1, "TODO\0"):
            await assert_validation_error(client, PAGE, argument, **{argument: value})
    await assert_validation_error(client, PAGE, "orderBy", orderBy=None)


async def test_filter_of_wrong_type_is_rejected(client: Client, existing_task: Any) -> None:
    for field, value in (
        ("status", "LATER"),
        ("priority", "LATER"),
        ("priority", [None]),
        ("priority", ["HIGH", "LATER"]),
        ("createdAt", {"from": "soon"}),
        ("createdAt", {"before": 5}),
        ("createdAt", {"until": "2030-01-01T00:00:00Z"}),
        ("createdAt", "2030-01-01T00:00:00Z"),
        ("expiresAt", {"from": ["2030-01-01T00:00:00Z"]}),
        ("title", "existing"),
    ):
        await assert_validation_error(client, FILTER, field, filter={field: value})
    await assert_validation_error(client, FILTER, "filter", filter=None)
    for query in (None, 1, ["existing"]):
        await assert_validation_error(client, SEARCH, "query", query=query)


def forged(cursor: str) -> list[str]:
    """Return invalid cursors that resemble a valid one: with changed bits, truncated, extended, or of another kind."""
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    changed = []
    for index in (0, 1, 8, 9, len(raw) - 1):
        other = bytearray(raw)
        other[index] ^= 1
        changed.append(base64.urlsafe_b64encode(other).rstrip(b"=").decode())
    return [
        *changed,
        base64.b64encode(b"offset:0").decode(),
        base64.urlsafe_b64encode(bytes(len(raw))).decode(),
        str(uuid4()),
        "é" * 40,
        "\0",
        cursor + "A" * 8,
        cursor + cursor,
        cursor.swapcase(),
        "A" * 100_000,
        *(cursor[:length] for length in range(1, len(cursor))),
    ]


@pytest.mark.parametrize(("name", "end"), ENDS)
async def test_forged_or_truncated_cursor_is_rejected(client: Client, existing_task: Any, name: str, end: str) -> None:
    document = CONNECTIONS[name]
    if name == "deletedTasks":
        await client.delete((await client.create())["id"])
    cursor = (await client.query(document))[name]["pageInfo"]["startCursor"]
    await client.query(document, **{end: cursor})
    for other in forged(cursor):
        await assert_bad_input(client, document, end, "is not a cursor", **{end: other})
    await assert_bad_input(client, document, end, "is an empty string", **{end: ""})
    await assert_validation_error(client, document, end, **{end: 1})


@pytest.mark.parametrize("end", ["after", "before"])
async def test_cursor_of_another_order_is_rejected(client: Client, existing_task: Any, end: str) -> None:
    cursor = (await client.query(PAGE))["tasks"]["pageInfo"]["startCursor"]
    assert (await client.query(PAGE, orderBy="OLDEST", **{end: cursor}))["tasks"]["nodes"] == []
    words = ("NEWEST or OLDEST", "the order EXPIRING_SOON")
    await assert_bad_input(client, PAGE, end, *words, orderBy="EXPIRING_SOON", **{end: cursor})
    await assert_bad_input(client, FILTER, end, *words, filter={"expiresAt": {}}, **{end: cursor})
