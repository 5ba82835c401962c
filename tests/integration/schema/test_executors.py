"""Compares the compiled executor with the standard one: the same requests to two services on the same stores."""

import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.config.settings import Settings
from schema.build import create_schema
from tests.fuzz.differential.generator import DocumentGenerator
from tests.fuzz.differential.literals import ValuePools
from tests.support.graphql_client import Client, running

OPERATIONS = 250
HEADERS = {"X-Request-Id": "the-same", "Content-Type": "application/json"}
TITLES = ("Plain", "Ünï©ode ✓ 🎈", 'Quote " and \\ backslash', "Line\nbreak\t\u0007", "</script>\u2028", "x" * 500)
FAR = "2199-12-31T23:59:59.999000+00:00"
OTHER_ID = "019ab2c4-7d1e-7c3a-9f00-3b1f0c2d4e5f"
# The payload of each mutation with these inputs is the same the second time.
MUTATIONS: list[tuple[str, dict[str, Any]]] = [
    ("createTask", {"id": "EXISTING", "title": "Again"}),
    ("createTask", {"title": " ", "id": "no", "expiresAt": "1970-01-02T00:00:00Z", "clientMutationId": "é"}),
    ("createTask", {"title": "x" * 501}),
    ("createTask", {"id": "EXISTING", "title": "Again", "labels": "one", "metadata": {"a": [1.5, None]}}),
    ("createTask", {"title": "A", "labels": ["x" * 51], "metadata": {"a": "x" * 5000}, "assignee": ""}),
    ("updateTask", {"id": "EXISTING", "labels": None, "metadata": None, "assignee": None, "dueAt": None}),
    ("updateTask", {"id": "EXISTING", "labels": [None], "metadata": []}),
    ("updateTask", {"id": "EXISTING", "expectedVersion": 7, "title": "New"}),
    ("updateTask", {"id": "EXISTING", "title": None, "status": None}),
    ("updateTask", {"id": OTHER_ID, "description": "x"}),
    ("completeTask", {"id": "EXISTING", "expectedVersion": 0}),
    ("reopenTask", {"id": "EXISTING"}),
    ("deleteTask", {"id": OTHER_ID}),
    ("restoreTask", {"id": "EXISTING"}),
    ("createTasks", {"tasks": [{"id": "EXISTING", "title": "A"}, {"title": ""}], "errorPolicy": "SKIP_INVALID"}),
    ("createTasks", {"tasks": [{"id": "EXISTING", "title": "A"}, {"title": ""}], "errorPolicy": "REJECT_ALL"}),
    ("createTasks", {"tasks": [{"title": "x"}] * 1001}),
    ("updateTasks", {"tasks": [{"id": "EXISTING", "expectedVersion": 9}, {"id": OTHER_ID}]}),
    ("deleteTasks", {"tasks": [{"id": OTHER_ID, "clientMutationId": "1"}] * 2}),
    ("restoreTasks", {"tasks": [{"id": "EXISTING"}]}),
    ("updateTask", {"id": "EXISTING", "expectedVersion": "1"}),
    ("createTasks", {"tasks": {"id": "EXISTING", "title": "A"}}),
    ("createTask", {"title": 5, "status": "NONE", "unknown": 1}),
]


@pytest.fixture
async def other(database_url: str, redis_url: str) -> AsyncIterator[Client]:
    """Yield a client of a service with the standard executor."""
    settings = Settings(database_url=database_url, redis_url=redis_url, executor="standard")
    async with running(settings) as client:
        yield client


async def post(client: Client, body: dict[str, Any]) -> httpx.Response:
    return await client.http.post("/graphql", content=json.dumps(body).encode(), headers=HEADERS)


def text_of(response: httpx.Response) -> str:
    """Return the body without the mark that PostgreSQL answered, which depends on the load of the machine."""
    return response.text.replace(',"degraded":true', "")


async def assert_same(compiled: Client, standard: Client, body: dict[str, Any]) -> httpx.Response:
    """Send a request twice to the compiled service, because the second response may come from the page cache."""
    expected = await post(standard, body)
    for _ in range(2):
        found = await post(compiled, body)
        assert found.status_code == expected.status_code, body
        if text_of(found) != text_of(expected):
            assert without_order(found.json()) == without_order(expected.json()), body
    return expected


def without_order(answer: dict[str, Any]) -> dict[str, Any]:
    """Return a response without what depends on which field is resolved first.

    If several errors make one value null, because the fields between cannot be null, GraphQL asks for one of them.
    Which one a response has, and whether it has another one that came later, is a matter of time.
    """
    errors = answer.get("errors", ())
    nulls = {null_position(answer.get("data"), error["path"]) for error in errors if "path" in error}
    exact = [error for error in errors if null_position(answer.get("data"), error.get("path", [])) is None]
    return {"data": answer.get("data"), "nulls": nulls - {None}, "errors": exact}


def null_position(data: Any, path: list[str | int]) -> tuple[str | int, ...] | None:
    """Return the path of the value that an error at `path` made null, or None if it is `path` itself."""
    for depth, key in enumerate(path):
        if data is None:
            return tuple(path[:depth])
        data = data[key]
    return None


async def create_tasks(client: Client) -> list[str]:
    ids = []
    for number, title in enumerate(TITLES * 3):
        expiry = {"expiresAt": FAR} if number % 3 == 0 else {}
        status = ("TODO", "IN_PROGRESS", "DONE")[number % 3]
        more = {"assignee": title[:200], "labels": [title[:50], "a"], "metadata": {title: [number, 1.5]}, "dueAt": FAR}
        task = await client.create(
            title=title,
            description=title[::-1],
            status=status,
            priority="HIGH",
            **expiry,
            **(more if number % 2 else {}),
        )
        ids.append(task["id"])
    return ids


async def value_pools(client: Client, ids: list[str]) -> ValuePools:
    page = await client.query("{ tasks(first: 4) { edges { cursor } } }")
    cursors = [edge["cursor"] for edge in page["tasks"]["edges"]]
    for id_ in ids[-3:]:
        await client.delete(id_)
    page = await client.query("{ deletedTasks(first: 3) { edges { cursor } } }")
    deleted = [edge["cursor"] for edge in page["deletedTasks"]["edges"]]
    assert deleted
    sizes = [0, 1, 2, 5, 50, 100, 101, -1]
    return {
        "ID": [*ids[:4], OTHER_ID, "not an id"],
        "DateTime": [FAR, "1970-01-01T00:00:00Z", "2026-01-01"],
        "Query.searchTasks.query": ["plain", "break line", '"ünï"', "!"],
        **{f"Query.{field}.first": sizes for field in ("tasks", "searchTasks", "filterTasks", "deletedTasks")},
        **{f"Query.{field}.last": sizes for field in ("tasks", "filterTasks", "deletedTasks")},
        **{f"Query.{field}.after": [*cursors, "no cursor"] for field in ("tasks", "searchTasks", "filterTasks")},
        **{f"Query.{field}.before": cursors for field in ("tasks", "filterTasks")},
        **{f"Query.deletedTasks.{argument}": [*deleted, cursors[0]] for argument in ("after", "before")},
        "Query.tasks.page": [1, 2, 3, 0],
    }


def test_errors_of_one_null_may_differ() -> None:
    early, late = {"path": ["a", "b"], "message": "1"}, {"path": ["c", 0], "message": "2"}
    assert without_order({"data": None, "errors": [early]}) == without_order({"data": None, "errors": [late, early]})
    own, other = ({"data": {"a": {"b": None}}, "errors": [{"path": ["a", "b"], "message": text}]} for text in "12")
    assert without_order(own) != without_order(other)
    assert without_order({"data": {"a": None, "c": [1]}, "errors": [early]}) != without_order({"data": None})


@pytest.mark.parametrize("seed", [1, 2])
async def test_generated_queries_have_the_same_answers(client: Client, other: Client, seed: int) -> None:
    ids = await create_tasks(client)
    generator = DocumentGenerator(
        create_schema()._schema, random.Random(seed), await value_pools(client, ids), kinds=("query",)
    )
    outcomes: Counter[str] = Counter()
    for _ in range(OPERATIONS):
        case, _ = generator.valid_case()
        body = {"query": case.document, "variables": case.variables, "operationName": case.operation_name}
        answer = (await assert_same(client, other, body)).json()
        outcomes["data" if answer.get("data") else "no data"] += 1
        outcomes["errors" if answer.get("errors") else "no errors"] += 1
    # A generator whose operations all failed, or none, would compare nothing.
    assert min(outcomes.values()) > OPERATIONS / 50, outcomes


@pytest.mark.parametrize(("field", "given"), MUTATIONS, ids=lambda value: str(value)[:40])
async def test_mutations_have_the_same_answers(
    client: Client, other: Client, field: str, given: dict[str, Any]
) -> None:
    existing = await client.create(title="Existing", expiresAt=FAR, labels=["a", "b"], metadata={"a": [1.5, None]})
    id_ = existing["id"]
    text = json.dumps(given).replace("EXISTING", id_)
    schema = create_schema()._schema
    mutation = schema.mutation_type
    assert mutation is not None
    input_type, payload_type = mutation.fields[field].args["input"].type, mutation.fields[field].type
    fields = "...F" if field.endswith("Tasks") else _fields(payload_type)
    results = f"fragment F on {payload_type.of_type} {{ userErrors {{ field message code }} clientMutationId "
    if field.endswith("Tasks"):
        item = schema.type_map[f"{field[0].upper()}{field[1:]}Result"]
        fragment = f"{results} results {{ {_fields(item)} }} }}"
    else:
        fragment = ""
    document = (
        f"mutation M($input: {input_type}) {{ first: {field}(input: $input) {{ __typename {fields} }} }} {fragment}"
    )
    await assert_same(client, other, {"query": document, "variables": {"input": json.loads(text)}})


def _fields(type_: Any) -> str:
    """Return a selection of all fields of a payload or of the result of an item."""
    type_ = getattr(type_, "of_type", type_)
    inner = {
        "task": "{ ...T }",
        "currentTask": "{ ... on Node { id } version }",
        "userErrors": "{ code field message }",
    }
    inner["task"] = "{ id title status createdAt expiresAt version dueAt assignee labels metadata __typename }"
    return " ".join(f"{name} {inner.get(name, '')}" for name in type_.fields)


@pytest.mark.parametrize(
    "body",
    [
        {"query": "{"},
        {"query": "{ unknown }"},
        {"query": "query A { __typename } query B { __typename }", "operationName": "C"},
        {"query": "query A { __typename } mutation B { __typename }", "operationName": "B"},
        {"query": "query ($n: Int!) { tasks(first: $n) { totalCount } }"},
        {"query": "query ($n: Int!) { tasks(first: $n) { totalCount } }", "variables": {"n": 2**40}},
        {"query": "query ($n: Int!) { tasks(first: $n) { nodes { id } } }", "variables": {"n": 101}},
        {"query": "{ a: tasks { nodes { id } } " + " ".join(f"b{n}: taskCounts {{ all }}" for n in range(40)) + "}"},
        {
            "query": "{ "
            + " ".join(f"t{n}: tasks(first: 100) {{ nodes {{ id }} edges {{ cursor }} }}" for n in range(29))
            + "}"
        },
        {"query": "{ __schema { queryType { name } } }"},
        {"query": "subscription { taskChanged { rev } }"},
        {"query": "query ($s: Boolean = true) { taskCounts { all @skip(if: $s) todo @include(if: $s) } }"},
    ],
    ids=lambda body: body["query"][:40],
)
async def test_unusual_requests_have_the_same_answers(client: Client, other: Client, body: dict[str, Any]) -> None:
    await assert_same(client, other, body)
