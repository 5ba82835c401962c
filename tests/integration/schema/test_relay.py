"""The rules of Relay's cursor connections and object identification, each as a test named after its clause.

The clauses are those of https://relay.dev/graphql/connections.htm and https://relay.dev/graphql/objectidentification.htm.
"""

from typing import Any

import pytest
from graphql import GraphQLNonNull, GraphQLObjectType, GraphQLScalarType, build_schema, get_named_type

from schema.build import sdl
from schema.resolvers.validation import uuid7
from tests.support.graphql_client import Client

SCHEMA = build_schema(sdl())
CONNECTIONS = sorted(name for name in SCHEMA.type_map if name.endswith("Connection"))
FIELDS = [
    (name, field)
    for name, field in SCHEMA.type_map["Query"].fields.items()  # type: ignore[attr-defined]
    if get_named_type(field.type).name in CONNECTIONS
]
PAGE = """
query ($first: Int, $after: String, $last: Int, $before: String) {
  tasks(first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


@pytest.fixture
async def ids(client: Client) -> list[str]:
    """Five tasks, as the connection has them."""
    await client.create_many([f"Task {number}" for number in range(5)])
    return [edge["node"]["id"] for edge in (await page(client))["edges"]]


async def page(client: Client, **arguments: Any) -> Any:
    return (await client.query(PAGE, **arguments))["tasks"]


async def cursors(client: Client) -> list[str]:
    return [edge["cursor"] for edge in (await page(client))["edges"]]


def nodes(page: Any) -> list[str]:
    return [edge["node"]["id"] for edge in page["edges"]]


# 2 Connection Types


def test_there_are_connections() -> None:
    assert CONNECTIONS == ["TaskConnection", "TaskMatchConnection"]
    assert {name for name, _ in FIELDS} == {"tasks", "searchTasks", "filterTasks"}


@pytest.mark.parametrize("name", CONNECTIONS)
def test_2_1_a_connection_has_edges_a_list_of_an_edge_type(name: str) -> None:
    edges: Any = SCHEMA.type_map[name].fields["edges"].type  # type: ignore[attr-defined]
    assert isinstance(get_named_type(edges), GraphQLObjectType)
    assert str(edges) == "[TaskEdge!]!"


@pytest.mark.parametrize("name", CONNECTIONS)
def test_2_1_a_connection_has_page_info_that_is_not_null(name: str) -> None:
    info: Any = SCHEMA.type_map[name].fields["pageInfo"].type  # type: ignore[attr-defined]
    assert str(info) == "PageInfo!"


# 3 Edge Types


def test_3_1_1_an_edge_has_a_node_that_is_no_list() -> None:
    node: Any = SCHEMA.type_map["TaskEdge"].fields["node"].type  # type: ignore[attr-defined]
    assert str(node) == "Task!"


def test_3_1_2_an_edge_has_a_cursor_that_serialises_as_a_string() -> None:
    cursor: Any = SCHEMA.type_map["TaskEdge"].fields["cursor"].type  # type: ignore[attr-defined]
    assert isinstance(cursor, GraphQLNonNull)
    assert isinstance(cursor.of_type, GraphQLScalarType)
    assert cursor.of_type.name == "String"


# 4 Arguments


@pytest.mark.parametrize(("name", "field"), FIELDS, ids=[name for name, _ in FIELDS])
def test_4_a_field_of_a_connection_takes_forward_or_backward_arguments(name: str, field: Any) -> None:
    types = {argument: str(kind.type) for argument, kind in field.args.items()}
    assert (types["first"], types["after"]) == ("Int", "String")
    if name != "searchTasks":
        assert (types["last"], types["before"]) == ("Int", "String")


async def test_4_1_first_and_after_go_forward(client: Client, ids: list[str]) -> None:
    assert nodes(await page(client, first=2)) == ids[:2]
    assert nodes(await page(client, first=2, after=(await cursors(client))[1])) == ids[2:4]


async def test_4_2_last_and_before_go_backward(client: Client, ids: list[str]) -> None:
    assert nodes(await page(client, last=2)) == ids[3:]
    assert nodes(await page(client, last=2, before=(await cursors(client))[3])) == ids[1:3]


async def test_4_3_the_order_is_the_same_whichever_way(client: Client, ids: list[str]) -> None:
    """With `before`, the edge closest to the cursor comes last; with `after`, first."""
    at = (await cursors(client))[2]
    assert nodes(await page(client, last=2, before=at))[-1] == ids[1]
    assert nodes(await page(client, first=2, after=at))[0] == ids[3]
    assert nodes(await page(client, first=5)) == nodes(await page(client, last=5)) == ids


# 4.4 Pagination algorithm


async def test_4_4_after_removes_all_up_to_its_edge_and_before_all_from_its_edge(
    client: Client, ids: list[str]
) -> None:
    at = await cursors(client)
    assert nodes(await page(client, after=at[0], before=at[4])) == ids[1:4]
    assert nodes(await page(client, after=at[2], before=at[3])) == []


@pytest.mark.parametrize("name", ["first", "last"])
async def test_4_4_less_than_0_is_an_error(client: Client, name: str) -> None:
    assert "must be 0 to 100" in (await client.error(PAGE, **{name: -1}))["message"]


async def test_4_4_first_is_applied_before_last(client: Client, ids: list[str]) -> None:
    assert nodes(await page(client, first=3, last=2)) == ids[1:3]
    assert nodes(await page(client, first=2, last=3)) == ids[:2]


@pytest.mark.parametrize("name", ["first", "last"])
async def test_4_4_more_than_there_are_gives_all(client: Client, ids: list[str], name: str) -> None:
    assert nodes(await page(client, **{name: 100})) == ids


# 5 PageInfo


def test_5_the_fields_of_page_info_and_their_types() -> None:
    fields = SCHEMA.type_map["PageInfo"].fields  # type: ignore[attr-defined]
    types = {name: str(field.type) for name, field in fields.items()}
    assert {name: types[name] for name in ("hasNextPage", "hasPreviousPage")} == {
        "hasNextPage": "Boolean!",
        "hasPreviousPage": "Boolean!",
    }
    assert {name: types[name] for name in ("startCursor", "endCursor")} == {
        "startCursor": "String",
        "endCursor": "String",
    }


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
async def test_5_1_both_sides_are_right(
    client: Client, ids: list[str], arguments: dict[str, int], previous: bool, following: bool
) -> None:
    """More than the clause asks, which lets a server say false where it cannot tell."""
    at = await cursors(client)
    given = {name: at[value] if name in ("after", "before") else value for name, value in arguments.items()}
    info = (await page(client, **given))["pageInfo"]
    assert (info["hasPreviousPage"], info["hasNextPage"]) == (previous, following)
    assert len(ids) == len(at)


async def test_5_1_the_cursors_are_those_of_the_first_and_the_last_edge(client: Client, ids: list[str]) -> None:
    at, info = await cursors(client), (await page(client, first=3))["pageInfo"]
    assert (info["startCursor"], info["endCursor"]) == (at[0], at[2])
    assert len(ids) == 5


async def test_5_1_the_cursors_are_null_without_an_edge(client: Client) -> None:
    info = (await page(client))["pageInfo"]
    assert (info["startCursor"], info["endCursor"]) == (None, None)


# Object identification


def test_node_interface_has_one_field_an_id_that_is_not_null() -> None:
    node: Any = SCHEMA.type_map["Node"]
    assert {name: str(field.type) for name, field in node.fields.items()} == {"id": "ID!"}


def test_node_root_field_takes_an_id_and_returns_the_interface() -> None:
    node: Any = SCHEMA.type_map["Query"].fields["node"]  # type: ignore[attr-defined]
    assert {name: str(argument.type) for name, argument in node.args.items()} == {"id": "ID!"}
    assert str(node.type) == "Node"


async def test_node_root_field_finds_the_same_object_again(client: Client, ids: list[str]) -> None:
    query = "query ($id: ID!) { node(id: $id) { __typename id } task(id: $id) { id } }"
    found = await client.query(query, id=ids[0])
    assert found == {"node": {"__typename": "Task", "id": ids[0]}, "task": {"id": ids[0]}}


async def test_node_that_is_not_there_is_null(client: Client) -> None:
    assert await client.query("query ($id: ID!) { node(id: $id) { id } }", id=str(uuid7())) == {"node": None}


async def test_plural_identifying_root_field_keeps_the_order_and_the_length(client: Client, ids: list[str]) -> None:
    asked = [ids[3], str(uuid7()), ids[0], ids[3]]
    found = (await client.query("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=asked))["nodes"]
    assert found == [{"id": ids[3]}, None, {"id": ids[0]}, {"id": ids[3]}]
