"""Tests each clause on the types of Relay's cursor connections and object identification.

The clauses are those of https://relay.dev/graphql/connections.htm and https://relay.dev/graphql/objectidentification.htm.
"""

from typing import Any

import pytest
from graphql import GraphQLNonNull, GraphQLObjectType, GraphQLScalarType, build_schema, get_named_type

from schema.build import sdl

SCHEMA = build_schema(sdl())
CONNECTIONS = sorted(name for name in SCHEMA.type_map if name.endswith("Connection"))
# The lists of administrators and task lists have no `last` and no `before`.
FORWARD_ONLY = {"taskLists", "workspaces", "apiTokens", "auditLog"}
FIELDS = [
    (name, field)
    for name, field in SCHEMA.type_map["Query"].fields.items()  # type: ignore[attr-defined]
    if get_named_type(field.type).name in CONNECTIONS
]


# 2 Connection Types


def test_schema_has_connections() -> None:
    assert [
        *("ApiTokenConnection", "AuditLogConnection", "DeletedTaskConnection"),
        *("TaskConnection", "TaskListConnection", "TaskMatchConnection", "WorkspaceConnection"),
    ] == CONNECTIONS
    assert {name for name, _ in FIELDS} == {"tasks", "searchTasks", "filterTasks", "deletedTasks", *FORWARD_ONLY}


@pytest.mark.parametrize("name", CONNECTIONS)
def test_2_1_connection_has_a_list_of_edges(name: str) -> None:
    edges: Any = SCHEMA.type_map[name].fields["edges"].type  # type: ignore[attr-defined]
    assert isinstance(get_named_type(edges), GraphQLObjectType)
    of = "Task" if name == "TaskMatchConnection" else name.removesuffix("Connection")
    assert str(edges) == f"[{of}Edge!]!"


@pytest.mark.parametrize("name", CONNECTIONS)
def test_2_1_connection_has_non_null_page_info(name: str) -> None:
    info: Any = SCHEMA.type_map[name].fields["pageInfo"].type  # type: ignore[attr-defined]
    assert str(info) == "PageInfo!"


# 3 Edge Types


@pytest.mark.parametrize("of", ["Task", "DeletedTask", "ApiToken", "Workspace", "TaskList"])
def test_3_1_1_node_of_an_edge_is_not_a_list(of: str) -> None:
    node: Any = SCHEMA.type_map[f"{of}Edge"].fields["node"].type  # type: ignore[attr-defined]
    assert str(node) == f"{of}!"


@pytest.mark.parametrize("of", ["Task", "DeletedTask", "ApiToken", "Workspace", "TaskList"])
def test_3_1_2_cursor_of_an_edge_is_a_string(of: str) -> None:
    cursor: Any = SCHEMA.type_map[f"{of}Edge"].fields["cursor"].type  # type: ignore[attr-defined]
    assert isinstance(cursor, GraphQLNonNull)
    assert isinstance(cursor.of_type, GraphQLScalarType)
    assert cursor.of_type.name == "String"


# 4 Arguments


@pytest.mark.parametrize(("name", "field"), FIELDS, ids=[name for name, _ in FIELDS])
def test_4_connection_field_has_arguments_for_paging(name: str, field: Any) -> None:
    types = {argument: str(kind.type) for argument, kind in field.args.items()}
    assert (types["first"], types["after"]) == ("Int", "String")
    if name not in ("searchTasks", *FORWARD_ONLY):
        assert (types["last"], types["before"]) == ("Int", "String")


# 5 PageInfo


def test_5_page_info_has_the_required_fields() -> None:
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


# Object identification


def test_node_interface_has_only_a_non_null_id() -> None:
    node: Any = SCHEMA.type_map["Node"]
    assert {name: str(field.type) for name, field in node.fields.items()} == {"id": "ID!"}


def test_node_field_takes_an_id_and_returns_a_node() -> None:
    node: Any = SCHEMA.type_map["Query"].fields["node"]  # type: ignore[attr-defined]
    assert {name: str(argument.type) for name, argument in node.args.items()} == {"id": "ID!"}
    assert str(node.type) == "Node"
