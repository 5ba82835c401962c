"""The estimated cost of operations."""

from typing import Any

import pytest
from graphql import GraphQLObjectType, parse

from schema.build import create_schema
from schema.limits.cost import FIELD_POINTS, CostEstimator
from schema.limits.document import fragments_of, operation_of

SCHEMA = create_schema()._schema


def cost(text: str, variables: dict[str, Any] | None = None) -> int:
    document = parse(text)
    operation = operation_of(document, None)
    assert operation is not None
    return CostEstimator(SCHEMA, fragments_of(document), operation).cost(variables or {})


def test_every_field_has_a_cost() -> None:
    for name, type_ in SCHEMA.type_map.items():
        if name.startswith("__") or name.endswith(("Payload", "Result")) or not isinstance(type_, GraphQLObjectType):
            continue
        assert name in FIELD_POINTS, f"Add the points of {name} to schema/limits/cost.py."
        points = FIELD_POINTS[name]
        assert "*" in points or set(points) == set(type_.fields), (
            f"Add the points of every field of {name} to schema/limits/cost.py."
        )


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("{ __typename }", 0),
        ("{ __schema { types { name } } }", 0),
        ("{ tasks { totalCount pageInfo { pageNumber } } }", 2),
        ("{ tasks { nodes { id } } }", 52),
        ("{ tasks(first: 0) { nodes { id } } }", 2),
        ("{ tasks(last: 10) { nodes { id } edges { cursor node { title } } } }", 22),
        ("{ tasks(first: 10, last: 3) { nodes { id } } }", 12),
        ("{ tasks(first: 1000) { nodes { id } } }", 102),
        ('{ searchTasks(query: "a", first: 5) { nodes { id } } }', 255),
        ("{ filterTasks(filter: {}, last: 5) { edges { node { id } } } }", 55),
        ("{ deletedTasks(first: 5) { edges { node { task { id } } } pageInfo { hasNextPage } } }", 55),
        ("{ deletedTasks { nodes { deletedAt } } }", 100),
        ("{ facets(by: LABEL) { value count } }", 20),
        ("{ facets(by: LIST) { list { id name } } }", 120),
        ("{ facets(by: LIST, first: 2000) { value list { id } } }", 1020),
        ("{ a: taskCounts { all } b: taskCounts { all } }", 2),
        ("{ ... { taskCounts { all } } ...A ...A } fragment A on Query { taskCounts { all } }", 3),
        ("{ tasks(first: 5) { ...A } } fragment A on TaskConnection { nodes { id } }", 7),
        ('mutation { createTask(input: {title: "A"}) { task { id } } }', 5),
        ("subscription { taskChanged { task { id } } }", 5),
    ],
)
def test_cost_without_variables(text: str, points: int) -> None:
    assert cost(text) == points


@pytest.mark.parametrize(
    ("text", "variables", "points"),
    [
        ("query ($n: Int) { tasks(first: $n) { nodes { id } } }", {"n": 7}, 9),
        ("query ($n: Int) { tasks(first: $n) { nodes { id } } }", {"n": 100.0}, 102),
        ("query ($n: Int) { tasks(first: $n) { nodes { id } } }", {"n": None}, 52),
        ("query ($n: Int) { tasks(first: $n, last: 3) { nodes { id } } }", {"n": None}, 5),
        ("query ($n: Int, $m: Int) { tasks(first: $n, last: $m) { nodes { id } } }", {"n": 100.0, "m": 1.0}, 102),
        ("query ($n: Int = 8) { tasks(first: $n) { nodes { id } } }", {}, 10),
        ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["a"] * 7}, 7),
        (
            "mutation ($t: [CreateTaskInput!]!) { createTasks(input: {tasks: $t}) { results { task { id } } } }",
            {"t": [{"title": "A"}] * 10},
            25,
        ),
        (
            "mutation ($input: DeleteTasksInput!) { deleteTasks(input: $input) { userErrors { code } } }",
            {"input": {"tasks": [{"id": "a"}] * 3}},
            11,
        ),
    ],
)
def test_cost_with_variables(text: str, variables: dict[str, Any], points: int) -> None:
    assert cost(text, variables) == points


def test_fragment_has_the_cost_of_each_place_it_is_spread_in() -> None:
    text = """
    { small: tasks(first: 1) { ...A } large: tasks(first: 100) { ...A } }
    fragment A on TaskConnection { nodes { id } }
    """
    assert cost(text) == 3 + 102


def test_fragments_that_spread_each_other_twice_are_walked_once() -> None:
    fragments = "".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }} " for n in range(60))
    text = f"query ($n: Int) {{ ...F0 }} {fragments} fragment F60 on Query {{ tasks(first: $n) {{ nodes {{ id }} }} }}"
    assert cost(text, {"n": 1}) == 2**60 * 3
