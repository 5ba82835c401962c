"""Tests operations at each limit and just over it, hostile documents, and the reported cost."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import get_introspection_query

from api.config.settings import Settings
from schema.ids import new_id
from tests.support.graphql_client import Client, running


@pytest.fixture
async def limited(database_url: str, redis_url: str) -> AsyncIterator[Client]:
    stores = {"database_url": database_url, "redis_url": redis_url}
    limits = {"max_depth": 4, "max_aliases": 3, "max_directives": 3, "max_tokens": 150, "max_cost": 60}
    async with running(Settings.model_validate(stores | limits)) as client:
        yield client


DEEP = "tasks { edges { node { id } } }"
# A document of 150 tokens.
TOKENS = "{ %s " + "__typename " * 34 + "tasks { " + "totalCount " * 35 + "pageInfo { " + "hasNextPage " * 35
TOKENS += "} } taskCounts { " + "all " * 35 + "} }"
AT_LIMIT = {
    "depth": f"{{ {DEEP} }}",
    "depth by fragments": "{ ...A } fragment A on Query { tasks { ...B } } "
    "fragment B on TaskConnection { edges { ... { node { id } } } }",
    "aliases": "{ a: __typename b: __typename c: __typename }",
    "aliases by fragments": "{ ...A ...A ...A } fragment A on Query { a: __typename }",
    "directives": "{ __typename @include(if: true) @skip(if: false) ... @include(if: true) { __typename } }",
    "directives by fragments": "{ ...A @include(if: true) ...A } fragment A on Query { __typename @skip(if: false) }",
    "tokens": TOKENS % "",
    "cost": "{ tasks(first: 58) { nodes { id } } }",
    "cost by a variable": "query ($n: Int = 58) { tasks(first: $n) { edges { node { id } } } }",
    "cost by a default": "query ($n: Int = 58) { tasks(first: $n) { edges { node { id } } } }",
    "cost by fragments": "{ ...A ...A } fragment A on Query { tasks(first: 28) { nodes { id } } }",
    "only the selected operation counts": "query A { __typename } "
    "query B { a: __typename b: __typename c: __typename d: __typename }",
}
OVER_LIMIT = {
    "depth": "{ node(id: 1) { ... on Task { id } } ...A } "
    "fragment A on Query { tasks { edges { node { id { a } } } } }",
    "depth by fragments": "{ ...A } fragment A on Query { tasks { ...B } } "
    "fragment B on TaskConnection { edges { ... { node { id { a } } } } }",
    "aliases": "{ a: __typename b: __typename c: __typename d: __typename }",
    "aliases by fragments": "{ ...A ...A } fragment A on Query { a: __typename b: __typename }",
    "directives": "{ __typename @include(if: true) @skip(if: false) @skip(if: false) ... @include(if: true) { id } }",
    "directives by fragments": "{ ...A ...A } fragment A on Query @a { __typename @skip(if: false) }",
    "tokens": TOKENS % "__typename",
    "cost": "{ tasks(first: 59) { nodes { id } } }",
    "cost by a variable": "query ($n: Int = 58) { tasks(first: $n) { edges { node { id } } } }",
    "cost by a default": "query ($n: Int = 59) { tasks(first: $n) { edges { node { id } } } }",
    "cost by fragments": "{ ...A ...A } fragment A on Query { tasks(first: 29) { nodes { id } } }",
}
CODES = {
    "depth": ("QUERY_TOO_DEEP", 4, 5),
    "aliases": ("TOO_MANY_ALIASES", 3, 4),
    "directives": ("TOO_MANY_DIRECTIVES", 3, 4),
    "cost": ("COST_LIMIT_EXCEEDED", 60, 61),
}


@pytest.mark.parametrize("name", AT_LIMIT)
async def test_operation_at_the_limit_runs(limited: Client, name: str) -> None:
    variables: dict[str, Any] = {"operationName": "A"} if name == "only the selected operation counts" else {}
    answer = (await limited.http.post("/graphql", json={"query": AT_LIMIT[name], **variables})).json()
    assert "errors" not in answer


@pytest.mark.parametrize("name", OVER_LIMIT)
async def test_operation_over_the_limit_is_rejected(limited: Client, name: str) -> None:
    body = {"query": OVER_LIMIT[name], "variables": {"n": 59} if name == "cost by a variable" else {}}
    answer = (await limited.http.post("/graphql", json=body)).json()
    [error] = answer["errors"]
    assert "data" not in answer
    if name == "tokens":
        assert error["extensions"] == {"code": "TOO_MANY_TOKENS", "limit": 150}
        assert "150" in error["message"]
        return
    code, limit, requested = CODES[name.split()[0]]
    if name == "cost by fragments":
        requested = 62
    assert error["extensions"] == {"code": code, "limit": limit, "requested": requested}
    assert str(limit) in error["message"]
    assert str(requested) in error["message"]


async def test_response_contains_the_cost(client: Client) -> None:
    ids = [str(new_id()) for _ in range(7)]
    tasks = [{"title": str(number)} for number in range(10)]
    for query, variables, cost in (
        ("{ __typename }", {}, 0),
        ("{ tasks { totalCount pageInfo { pageNumber } } }", {}, 2),
        ("{ tasks { nodes { id } } }", {}, 52),
        ("{ tasks(last: 10) { nodes { id } edges { cursor } } }", {}, 22),
        ("{ tasks(first: 10, last: 3) { nodes { id } } }", {}, 12),
        ("{ a: taskCounts { all } b: taskCounts { all } }", {}, 2),
        ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids}, 7),
        ("mutation ($t: [CreateTaskInput!]!) { createTasks(input: {tasks: $t}) { results { task { id } } } }",
         {"t": tasks}, 25),
        ('mutation ($i: CreateTasksInput! = {tasks: [{title: "A"}, {title: "B"}]}) { createTasks(input: $i) '
         "{ results { task { id } } } }", {}, 9),
        ('mutation { createTask(input: {title: "A"}) { task { id } } }', {}, 5),
    ):  # fmt: skip
        answer = (await client.http.post("/graphql", json={"query": query, "variables": variables})).json()
        assert answer["extensions"]["cost"] == {"requested": cost, "limit": 5000}


FRAGMENT_BOMB = (
    "{ ...F0 } "
    + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    + " fragment F60 on Query { a: __typename }"
)
NINE_SPREADS = " ".join(f"f{m} {{ ...F%d }}" for m in range(9))
FIELD_BOMB = (
    "{ ...F0 } "
    + " ".join(f"fragment F{n} on Query {{ " + NINE_SPREADS.replace("%d", str(n + 1)) + " }" for n in range(8))
    + " fragment F8 on Query { id }"
)
HOSTILE = {
    "fragment bomb": (FRAGMENT_BOMB, "TOO_MANY_ALIASES"),
    "ten thousand aliases": ("{" + " ".join(f"a{n}: __typename" for n in range(10_000)) + "}", "DOCUMENT_TOO_LONG"),
    "three thousand aliases": ("{" + " ".join(f"a{n}: __typename" for n in range(3000)) + "}", "TOO_MANY_TOKENS"),
    "deep brackets": ("{ tasks(first: " + "[" * 900 + "]" * 900 + ") { totalCount } }", "QUERY_TOO_DEEP"),
    "deep braces": ("{" + "tasks{" * 900 + "}" * 900 + "}", "QUERY_TOO_DEEP"),
    "deeper than the parser allows": ("{" + "tasks{" * 500 + "id" + "}" * 500 + "}", "QUERY_TOO_DEEP"),
    "one field repeated": ("{" + "tasks { totalCount } " * 490 + "}", "TOO_MANY_REPEATED_FIELDS"),
    "repeated fields in repeated fields": (
        "{" + ("tasks {" + "edges { cursor } " * 16 + "} ") * 28 + "}", "TOO_MANY_REPEATED_FIELDS"),
    "repeated fields in fragments": (
        "{" + " ".join(f"...F{n}" for n in range(150)) + "}"
        + " ".join(f"fragment F{n} on Query {{ tasks {{ totalCount }} }}" for n in range(150)),
        "TOO_MANY_REPEATED_FIELDS"),
    "repeated fields in an operation that does not run": (
        "query A { __typename } query B {" + "tasks { totalCount } " * 485 + "}", "TOO_MANY_REPEATED_FIELDS"),
    "repeated fields in an unused fragment": (
        "{ __typename } fragment F on Query {" + "tasks { totalCount } " * 480 + "}", "TOO_MANY_REPEATED_FIELDS"),
    "field bomb": (FIELD_BOMB, "TOO_MANY_REPEATED_FIELDS"),
    "recursive fragment": ("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
                                 "GRAPHQL_VALIDATION_FAILED"),
    "deep introspection": ("{ __schema { types { " + "fields { type { " * 8 + "name" + " } }" * 8 + " } } }",
                           "QUERY_TOO_DEEP"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_document_is_rejected(client: Client, name: str) -> None:
    document, code = HOSTILE[name]
    began = time.process_time()
    # The limits also apply to operations of the document that the request does not name.
    operation_name = "A" if "query A" in document else None
    answer = (await client.http.post("/graphql", json={"query": document, "operationName": operation_name})).json()
    print(f"{name}: {(time.process_time() - began) * 1000:.0f} ms of CPU")  # noqa: T201
    assert {error["extensions"]["code"] for error in answer["errors"]} == {code}
    assert "data" not in answer


@pytest.mark.parametrize("depth", [100, 160, 200, 240, 300, 490])
@pytest.mark.parametrize("name", ["A", "C"], ids=["another runs", "none runs"])
async def test_deep_operation_that_does_not_run_is_rejected(client: Client, depth: int, name: str) -> None:
    document = "query A { __typename } query B {" + "tasks {" * depth + "id" + "}" * depth + "}"
    answer = (await client.http.post("/graphql", json={"query": document, "operationName": name})).json()
    codes = {error["extensions"]["code"] for error in answer["errors"]}
    assert codes <= {"QUERY_TOO_DEEP", "GRAPHQL_VALIDATION_FAILED", "OPERATION_NOT_FOUND"}


@pytest.mark.parametrize("depth", [100, 100_000])
async def test_deep_variables_are_rejected(client: Client, depth: int) -> None:
    body = '{"query": "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", "variables": {"ids": ' + "[" * depth
    response = await client.post((body + "]" * depth + "}}").encode())
    assert response.status_code in (200, 400)
    assert "data" not in response.json()


@pytest.mark.parametrize(("times", "rejected"), [(76, False), (77, True)])
async def test_field_can_be_repeated_76_times(client: Client, times: int, rejected: bool) -> None:
    """n equal fields take n(n + 1)/2 comparisons, because each is compared with itself: 2,926 for 76, 3,003 for 77."""
    answer = await client.answer("{" + "__typename " * times + "}")
    assert ("errors" in answer) == rejected
    if rejected:
        [error] = answer["errors"]
        assert error["extensions"] == {"code": "TOO_MANY_REPEATED_FIELDS", "limit": 3000, "requested": 3003}
        assert "3,003" in error["message"]


async def test_production_has_no_introspection_and_no_suggestions(database_url: str, redis_url: str) -> None:
    stores = {"database_url": database_url, "redis_url": redis_url}
    mistakes = [
        "{ tasks(firs: 1) { totalCount } }",
        "{ tasks(status: DON) { totalCount } }",
        "{ tasks { totalCoun } }",
        "query ($a: TaskStatu) { tasks(status: $a) { totalCount } }",
        'mutation { createTask(input: {titl: "A"}) { task { id } } }',
        "{ ... on Quer { __typename } }",
    ]
    async with running(Settings.model_validate(stores | {"profile": "production"})) as client:
        for document in (get_introspection_query(), '{ __type(name: "Task") { name } }'):
            assert (await client.error(document))["extensions"] == {"code": "INTROSPECTION_DISABLED"}
        for document in mistakes:
            assert "Did you mean" not in (await client.send(document)).text
    async with running(Settings.model_validate(stores)) as client:
        assert (await client.query(get_introspection_query()))["__schema"]["queryType"]["name"] == "Query"
        for document in mistakes:
            assert "Did you mean" in (await client.send(document)).text
