"""Tests each clause on the behaviour of Relay's cursor connections and object identification.

The clauses are those of https://relay.dev/graphql/connections.htm and https://relay.dev/graphql/objectidentification.htm.
"""

from typing import Any

import pytest

from schema.ids import new_id
from tests.support.graphql_client import Client

PAGE = """
query ($first: Int, $after: String, $last: Int, $before: String) {
  tasks(first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


@pytest.fixture
async def ids(client: Client) -> list[str]:
    """Return the ids of five tasks in the order of the connection."""
    await client.create_many([f"Task {number}" for number in range(5)])
    return [edge["node"]["id"] for edge in (await page(client))["edges"]]


async def page(client: Client, **arguments: Any) -> Any:
    return (await client.query(PAGE, **arguments))["tasks"]


async def cursors(client: Client) -> list[str]:
    return [edge["cursor"] for edge in (await page(client))["edges"]]


def nodes(page: Any) -> list[str]:
    return [edge["node"]["id"] for edge in page["edges"]]


# 4 Arguments


async def test_4_1_first_and_after_page_forward(client: Client, ids: list[str]) -> None:
    assert nodes(await page(client, first=2)) == ids[:2]
    assert nodes(await page(client, first=2, after=(await cursors(client))[1])) == ids[2:4]


async def test_4_2_last_and_before_page_backward(client: Client, ids: list[str]) -> None:
    assert nodes(await page(client, last=2)) == ids[3:]
    assert nodes(await page(client, last=2, before=(await cursors(client))[3])) == ids[1:3]


async def test_4_3_order_is_the_same_in_both_directions(client: Client, ids: list[str]) -> None:
    """The edge closest to the cursor comes last with `before`, and first with `after`."""
    at = (await cursors(client))[2]
    assert nodes(await page(client, last=2, before=at))[-1] == ids[1]
    assert nodes(await page(client, first=2, after=at))[0] == ids[3]
    assert nodes(await page(client, first=5)) == nodes(await page(client, last=5)) == ids


# 4.4 Pagination algorithm


async def test_4_4_cursors_exclude_their_own_edges(client: Client, ids: list[str]) -> None:
    at = await cursors(client)
    assert nodes(await page(client, after=at[0], before=at[4])) == ids[1:4]
    assert nodes(await page(client, after=at[2], before=at[3])) == []


@pytest.mark.parametrize("name", ["first", "last"])
async def test_4_4_negative_count_is_an_error(client: Client, name: str) -> None:
    assert "must be from 0 to 100" in (await client.error(PAGE, **{name: -1}))["message"]


async def test_4_4_first_is_applied_before_last(client: Client, ids: list[str]) -> None:
    assert nodes(await page(client, first=3, last=2)) == ids[1:3]
    assert nodes(await page(client, first=2, last=3)) == ids[:2]


@pytest.mark.parametrize("name", ["first", "last"])
async def test_4_4_count_beyond_the_total_returns_all_tasks(client: Client, ids: list[str], name: str) -> None:
    assert nodes(await page(client, **{name: 100})) == ids


# 5 PageInfo


@pytest.mark.parametrize(
    ("arguments", "previous", "following"),
    [
        ({"first": 2}, False, True),
        ({"first": 5}, False, False),
        ({"last": 2}, True, False),
        ({"last": 5}, False, False),
        ({"first": 2, "after": 1}, True, True),
        ({"first": 3, "after": 1}, True, False),
        ({"last": 2, "before": 3}, True, True),
        ({"last": 3, "before": 3}, False, True),
        ({"first": 3, "last": 2}, True, True),
        ({"after": 4}, True, False),
        ({"before": 0}, False, True),
    ],
    ids=str,
)
async def test_5_1_has_previous_page_and_has_next_page_are_exact(
    client: Client, ids: list[str], arguments: dict[str, int], previous: bool, following: bool
) -> None:
    """This test is stricter than the clause, which allows false if a server cannot find out efficiently."""
    at = await cursors(client)
    given = {name: at[value] if name in ("after", "before") else value for name, value in arguments.items()}
    info = (await page(client, **given))["pageInfo"]
    assert (info["hasPreviousPage"], info["hasNextPage"]) == (previous, following)
    assert len(ids) == len(at)


async def test_5_1_cursors_are_those_of_the_first_and_last_edge(client: Client, ids: list[str]) -> None:
    at, info = await cursors(client), (await page(client, first=3))["pageInfo"]
    assert (info["startCursor"], info["endCursor"]) == (at[0], at[2])
    assert len(ids) == 5


async def test_5_1_cursors_are_null_on_an_empty_page(client: Client) -> None:
    info = (await page(client))["pageInfo"]
    assert (info["startCursor"], info["endCursor"]) == (None, None)


# Object identification


async def test_node_field_returns_the_same_object_for_its_id(client: Client, ids: list[str]) -> None:
    query = "query ($id: ID!) { node(id: $id) { __typename id } task(id: $id) { id } }"
    found = await client.query(query, id=ids[0])
    assert found == {"node": {"__typename": "Task", "id": ids[0]}, "task": {"id": ids[0]}}


async def test_unknown_node_is_null(client: Client) -> None:
    assert await client.query("query ($id: ID!) { node(id: $id) { id } }", id=str(new_id())) == {"node": None}


async def test_plural_identifying_field_keeps_order_and_length(client: Client, ids: list[str]) -> None:
    requested = [ids[3], str(new_id()), ids[0], ids[3]]
    found = (await client.query("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=requested))["nodes"]
    assert found == [{"id": ids[3]}, None, {"id": ids[0]}, {"id": ids[3]}]
