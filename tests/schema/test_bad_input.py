"""Bad input: each a clear error that names the field and the limit, and nothing changed."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from schema.checks import uuid7
from tests.schema.client import CREATE, CREATE_MANY, DELETE, TOTAL, Client

PAGE = """
query ($first: Int, $after: String, $last: Int, $before: String, $page: Int, $status: TaskStatus) {
  tasks(first: $first, after: $after, last: $last, before: $before, page: $page, status: $status) {
    nodes { id } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""

UPDATE = """
mutation ($input: UpdateTaskInput!) {
  updateTask(input: $input) { task { id } userErrors { field message code } }
}
"""

RESTORE = """
mutation ($input: RestoreTaskInput!) {
  restoreTask(input: $input) { task { id } userErrors { field message code } }
}
"""

ALL = "{ tasks(first: 100) { nodes { id title description status priority expiresAt version } totalCount } }"


@pytest.fixture
async def there(client: Client) -> AsyncIterator[Any]:
    """A task that is there before the bad input, and must be there just so after it."""
    task = await client.create(title="There before", description="and after")
    before = await client.query(ALL)
    assert before["tasks"]["totalCount"] == 1
    yield task
    assert await client.query(ALL) == before


FIELDS = [
    pytest.param({"title": ""}, "title", "BLANK", ["empty"], id="empty title"),
    pytest.param({"title": " \t\n"}, "title", "BLANK", ["empty"], id="blank title"),
    pytest.param({"title": "x" * 501}, "title", "TOO_LONG", ["500", "501"], id="title too long"),
    pytest.param({"title": "𝄞" * 501}, "title", "TOO_LONG", ["500", "501"], id="title of 501 wide characters"),
    pytest.param(
        {"description": "x" * 10_001}, "description", "TOO_LONG", ["10,000", "10,001"], id="description too long"
    ),
    pytest.param({"title": "a\0b"}, "title", "INVALID_CHARACTER", ["NUL"], id="NUL in title"),
    pytest.param({"description": "a\0b"}, "description", "INVALID_CHARACTER", ["NUL"], id="NUL in description"),
    pytest.param({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt", "IN_PAST", ["future"], id="expiry in the past"),
    pytest.param({"expiresAt": "0001-01-01T00:00:00Z"}, "expiresAt", "OUT_OF_RANGE", ["1970", "2200"], id="year 1"),
    pytest.param(
        {"expiresAt": "0001-01-01T00:00:00+14:00"}, "expiresAt", "OUT_OF_RANGE", ["1970", "2200"], id="before year 1"
    ),
    pytest.param({"expiresAt": "9999-12-31T23:59:59Z"}, "expiresAt", "OUT_OF_RANGE", ["1970", "2200"], id="year 9999"),
    pytest.param(
        {"expiresAt": "9999-12-31T23:59:59-14:00"}, "expiresAt", "OUT_OF_RANGE", ["1970", "2200"], id="after year 9999"
    ),
    pytest.param({"expiresAt": "2200-01-01T00:00:00Z"}, "expiresAt", "OUT_OF_RANGE", ["2200"], id="year 2200"),
]

IDS = [
    pytest.param("", ["UUID"], id="empty"),
    pytest.param("7", ["UUID"], id="short"),
    pytest.param("019ab2c4-7d1e-7c3a-9f00-3b1f0c2d4e5g", ["UUID"], id="malformed"),
    pytest.param("019ab2c4-7d1e-7c3a-9f00-3b1f0c2d4e5\0", ["UUID"], id="NUL"),
    pytest.param("{19ab2c4-7d1e-7c3a-9f00-3b1f0c2d4e5}", ["UUID"], id="braces"),
    pytest.param("x" * 10_000, ["UUID"], id="10,000 characters"),
    pytest.param(str(UUID(int=0)), ["version 7"], id="nil"),
    pytest.param(str(UUID("019ab2c4-7d1e-4c3a-9f00-3b1f0c2d4e5f")), ["version 7"], id="version 4"),
    pytest.param(str(UUID("019ab2c4-7d1e-1c3a-9f00-3b1f0c2d4e5f")), ["version 7"], id="version 1"),
]


def check(errors: list[Any], field: str, code: str, words: list[str]) -> None:
    [error] = errors
    assert error["code"] == code
    assert error["field"] == [field]
    for word in (field, *words):
        assert word in error["message"]


@pytest.mark.parametrize(("fields", "field", "code", "words"), FIELDS)
async def test_create_task(
    client: Client, there: Any, fields: dict[str, Any], field: str, code: str, words: list[str]
) -> None:
    payload = (await client.query(CREATE, input={"title": "New"} | fields))["createTask"]
    assert payload["task"] is None
    check(payload["userErrors"], field, code, words)


@pytest.mark.parametrize(("fields", "field", "code", "words"), FIELDS)
async def test_update_task(
    client: Client, there: Any, fields: dict[str, Any], field: str, code: str, words: list[str]
) -> None:
    payload = (await client.query(UPDATE, input={"id": there["id"], "status": "DONE"} | fields))["updateTask"]
    assert payload["task"] is None
    check(payload["userErrors"], field, code, words)


@pytest.mark.parametrize(("fields", "field", "code", "words"), FIELDS)
async def test_an_item_of_create_tasks(
    client: Client, there: Any, fields: dict[str, Any], field: str, code: str, words: list[str]
) -> None:
    payload = (await client.query(CREATE_MANY, tasks=[{"title": "New"} | fields]))["createTasks"]
    assert payload["userErrors"] == []
    [result] = payload["results"]
    assert result["task"] is None
    check(result["userErrors"], field, code, words)


@pytest.mark.parametrize("field", ["title", "description", "status", "priority"])
async def test_update_task_with_null(client: Client, there: Any, field: str) -> None:
    payload = (await client.query(UPDATE, input={"id": there["id"], field: None}))["updateTask"]
    check(payload["userErrors"], field, "BLANK", ["must not be"])


async def test_all_errors_at_once(client: Client, there: Any) -> None:
    bad = {"id": "7", "title": "", "description": "\0", "expiresAt": "0001-01-01T00:00:00Z"}
    payload = (await client.query(CREATE, input=bad))["createTask"]
    found = {(error["field"][0], error["code"]) for error in payload["userErrors"]}
    assert found == {
        ("id", "INVALID_ID"),
        ("title", "BLANK"),
        ("description", "INVALID_CHARACTER"),
        ("expiresAt", "OUT_OF_RANGE"),
    }


@pytest.mark.parametrize("expires_at", ["2199-01-01T00:00:00Z", "2199-12-31T23:59:59Z", "2199-12-31T23:59:59.999999Z"])
async def test_an_expiry_before_the_year_2200_is_good(client: Client, expires_at: str) -> None:
    payload = (await client.query(CREATE, input={"title": "Long", "expiresAt": expires_at}))["createTask"]
    assert payload["userErrors"] == []


@pytest.mark.parametrize("title", ["x" * 500, "𝄞" * 500])
async def test_a_title_of_500_characters_is_good(client: Client, title: str) -> None:
    assert (await client.create(title=title, description="y" * 10_000))["title"] == title


SURROGATES = ["\ud800", "a\udc00b", "\udc00\ud800", "\ud800\ud800"]


@pytest.mark.parametrize("field", ["title", "description"])
@pytest.mark.parametrize("text", SURROGATES, ids=ascii)
async def test_half_a_surrogate_pair(client: Client, there: Any, field: str, text: str) -> None:
    response = await client.send(CREATE, input={"title": "New", field: text})
    body = response.json()
    # Refused as no JSON (RFC 8259 leaves it open) or as a character that cannot be stored, and either is clear.
    if response.status_code == 200:
        check(body["data"]["createTask"]["userErrors"], field, "INVALID_CHARACTER", ["surrogate"])
    else:
        assert response.status_code == 400
        [error] = body["errors"]
        assert error["extensions"]["code"] == "BAD_REQUEST"
        assert "not JSON" in error["message"]
        assert "surrogate" in error["message"]


@pytest.mark.parametrize("literal", ['"\\ud800"', '"\\udc00\\ud800"', '"\\u{D800}"'])
async def test_half_a_surrogate_pair_in_the_document(client: Client, there: Any, literal: str) -> None:
    error = await client.error(f"mutation {{ createTask(input: {{ title: {literal} }}) {{ task {{ id }} }} }}")
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "Invalid Unicode escape" in error["message"]


async def test_a_whole_surrogate_pair_is_a_character(client: Client) -> None:
    assert (await client.create(title="\U0001d11e"))["title"] == "\U0001d11e"


@pytest.mark.parametrize("field", ["status", "priority"])
@pytest.mark.parametrize("value", ["LATER", "todo", "", 1, "TODO\0"])
async def test_an_unknown_value_of_an_enum(client: Client, there: Any, field: str, value: object) -> None:
    for document, given in (
        (CREATE, {"title": "New", field: value}),
        (UPDATE, {"id": there["id"], field: value}),
    ):
        error = await client.error(document, input=given)
        assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert field in error["message"]


async def test_an_unknown_status_of_a_page(client: Client, there: Any) -> None:
    error = await client.error(PAGE, status="LATER")
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "status" in error["message"]
    assert "LATER" in error["message"]


@pytest.mark.parametrize("expires_at", ["soon", "", "2030-02-30T00:00:00Z", "10000-01-01T00:00:00Z", 5])
async def test_an_expiry_that_is_no_time(client: Client, there: Any, expires_at: object) -> None:
    error = await client.error(CREATE, input={"title": "New", "expiresAt": expires_at})
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "expiresAt" in error["message"]


@pytest.mark.parametrize(("id_", "words"), IDS)
@pytest.mark.parametrize("field", ["createTask", "updateTask", "deleteTask", "restoreTask"])
async def test_a_bad_id_in_a_mutation(client: Client, there: Any, field: str, id_: str, words: list[str]) -> None:
    document = {"createTask": CREATE, "updateTask": UPDATE, "deleteTask": DELETE, "restoreTask": RESTORE}[field]
    given = {"id": id_, "title": "New"} if field in ("createTask", "updateTask") else {"id": id_}
    errors = (await client.query(document, input=given))[field]["userErrors"]
    check(errors, "id", "INVALID_ID", words)
    assert len(errors[0]["message"]) < 200


@pytest.mark.parametrize(("id_", "words"), IDS)
@pytest.mark.parametrize("field", ["task", "node", "nodes"])
async def test_a_bad_id_in_a_query(client: Client, there: Any, field: str, id_: str, words: list[str]) -> None:
    if field == "nodes":
        error = await client.error("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[there["id"], id_])
    else:
        error = await client.error(f"query ($id: ID!) {{ {field}(id: $id) {{ id }} }}", id=id_)
    argument = "ids" if field == "nodes" else "id"
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": argument}
    for word in (argument, *words):
        assert word in error["message"]
    assert len(error["message"]) < 200


async def test_101_ids_in_nodes(client: Client, there: Any) -> None:
    document = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    ids = [there["id"], *(str(uuid7()) for _ in range(99))]
    assert (await client.query(document, ids=ids))["nodes"] == [{"id": there["id"]}, *[None] * 99]
    error = await client.error(document, ids=[*ids, str(uuid7())])
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "ids"}
    assert "ids" in error["message"]
    assert "100" in error["message"]
    assert "101" in error["message"]


@pytest.mark.parametrize("argument", ["first", "last"])
@pytest.mark.parametrize("count", [-1, 101, 10**9, -(2**31)])
async def test_a_page_of_a_bad_size(client: Client, there: Any, argument: str, count: int) -> None:
    error = await client.error(PAGE, **{argument: count})
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": argument}
    for word in (argument, "0 to 100", str(count)):
        assert word in error["message"]


@pytest.mark.parametrize("argument", ["first", "last", "page"])
@pytest.mark.parametrize("count", [2**31, 10**30, 1.5, "1", True])
async def test_a_number_that_is_no_int(client: Client, there: Any, argument: str, count: object) -> None:
    error = await client.error(PAGE, **{argument: count})
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert argument in error["message"]


@pytest.mark.parametrize("argument", ["after", "before", "last"])
async def test_a_page_number_with(client: Client, there: Any, argument: str) -> None:
    cursor = (await client.query(PAGE))["tasks"]["pageInfo"]["startCursor"]
    error = await client.error(PAGE, page=1, **{argument: 1 if argument == "last" else cursor})
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "page"}
    assert "page" in error["message"]
    assert argument in error["message"]


@pytest.mark.parametrize("page", [0, -1, 10**9 + 1, 2**31 - 1])
async def test_a_page_number_out_of_range(client: Client, there: Any, page: int) -> None:
    error = await client.error(PAGE, page=page)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "page"}
    for word in ("page", "1 to 1000000000", str(page)):
        assert word in error["message"]


@pytest.mark.parametrize("page", [2, 20_000, 10**9])
async def test_a_page_past_the_end_is_empty(client: Client, there: Any, page: int) -> None:
    found = (await client.query(PAGE, first=100, page=page))["tasks"]
    assert found["nodes"] == []
    assert found["totalCount"] == 1
    assert found["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": True,
        "startCursor": None,
        "endCursor": None,
    }


def forged(cursor: str) -> list[str]:
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    changed = []
    for place in (0, 1, 8, 9, len(raw) - 1):
        other = bytearray(raw)
        other[place] ^= 1
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
    ]


@pytest.mark.parametrize("argument", ["after", "before"])
async def test_a_forged_cursor(client: Client, there: Any, argument: str) -> None:
    cursor = (await client.query(PAGE))["tasks"]["pageInfo"]["startCursor"]
    for bad in forged(cursor):
        answer = await client.answer(PAGE, **{argument: bad})
        assert answer.get("errors"), f"{bad[:60]!r} was taken for a cursor"
        [error] = answer["errors"]
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": argument}
        assert error["message"].startswith(f"{argument} is not a cursor")


@pytest.mark.parametrize("argument", ["after", "before"])
async def test_a_truncated_cursor(client: Client, there: Any, argument: str) -> None:
    cursor = (await client.query(PAGE))["tasks"]["pageInfo"]["startCursor"]
    for length in range(len(cursor)):
        error = await client.error(PAGE, **{argument: cursor[:length]})
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": argument}
        assert argument in error["message"]


async def test_1001_items(client: Client, there: Any) -> None:
    payload = (await client.query(CREATE_MANY, tasks=[{"title": "New"}] * 1001))["createTasks"]
    assert payload["results"] == []
    check(payload["userErrors"], "tasks", "TOO_MANY", ["1,000", "1,001"])


async def test_1000_items_are_good(client: Client) -> None:
    assert len(await client.create_many(["New"] * 1000)) == 1000
    assert await client.total() == 1000


async def test_two_items_with_one_id(client: Client, there: Any) -> None:
    id_ = str(uuid7())
    tasks = [{"title": "One", "id": id_}, {"title": "The other", "id": id_.upper()}]
    payload = (await client.query(CREATE_MANY, tasks=tasks))["createTasks"]
    for result in payload["results"]:
        assert result["task"] is None
        check(result["userErrors"], "id", "DUPLICATE_ID", ["same id"])


@pytest.mark.parametrize("many", [False, True])
async def test_the_id_of_a_deleted_task(client: Client, there: Any, many: bool) -> None:
    id_ = (await client.create())["id"]
    await client.delete(id_)
    if many:
        payload = (await client.query(CREATE_MANY, tasks=[{"title": "New", "id": id_}]))["createTasks"]
        [outcome] = payload["results"]
    else:
        outcome = (await client.query(CREATE, input={"title": "New", "id": id_}))["createTask"]
    assert outcome["task"] is None
    check(outcome["userErrors"], "id", "ID_TAKEN", ["deleted"])


@pytest.mark.parametrize("field", ["updateTask", "deleteTask", "restoreTask"])
async def test_a_task_that_is_not_there(client: Client, there: Any, field: str) -> None:
    document = {"updateTask": UPDATE, "deleteTask": DELETE, "restoreTask": RESTORE}[field]
    [error] = (await client.query(document, input={"id": str(uuid7())}))[field]["userErrors"]
    assert "no such task" in error["message"]
    assert (error["code"], error["field"]) == ("NOT_FOUND", ["id"])


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_the_limit(client: Client, there: Any, announced: bool) -> None:
    body = json.dumps({"query": TOTAL, "variables": {"x": "y" * 2**20}}).encode()

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 2**16):
            yield body[at : at + 2**16]

    response = await client.http.post(
        "/graphql", content=body if announced else chunks(), headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 413
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "BODY_TOO_LARGE"
    assert "1,048,576" in error["message"]


async def test_a_body_of_just_the_limit_is_good(client: Client) -> None:
    body = json.dumps({"query": TOTAL}).encode()
    response = await client.post(body + b" " * (2**20 - len(body)))
    assert response.status_code == 200
    assert response.json()["data"]["tasks"]["totalCount"] == 0


NOT_JSON = [b"", b"{", b"query { tasks }", b"\xff\xfe", b'{"query": "\xff"}', b"{'query': '{ __typename }'}", b"nul\0"]


@pytest.mark.parametrize("body", NOT_JSON, ids=ascii)
async def test_malformed_json(client: Client, there: Any, body: bytes) -> None:
    response = await client.post(body)
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert "JSON" in error["message"]


NO_REQUESTS: list[object] = [
    None,
    1,
    "{ __typename }",
    [],
    [{"query": "{ __typename }"}],
    {},
    {"query": None},
    {"query": 1},
    {"query": ""},
    {"query": "{ __typename }", "variables": 1},
    {"query": "{ __typename }", "variables": [1]},
    {"query": "query A { __typename }", "operationName": 1},
    {"query": "query A { __typename }", "operationName": "B"},
]


@pytest.mark.parametrize("body", NO_REQUESTS, ids=ascii)
async def test_json_that_is_no_request(client: Client, there: Any, body: object) -> None:
    response = await client.post(json.dumps(body).encode())
    assert response.status_code in (200, 400), response.text
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] in ("BAD_REQUEST", "BATCHING_DISABLED", "OPERATION_NOT_FOUND")
    assert error["message"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "nonsense"])
async def test_a_wrong_content_type(client: Client, there: Any, content_type: str) -> None:
    body = json.dumps({"query": CREATE, "variables": {"input": {"title": "New"}}}).encode()
    response = await client.post(body, content_type)
    assert response.status_code in (400, 415)
    [error] = response.json()["errors"]
    assert "application/json" in error["message"]
    assert error["extensions"]["code"] in ("BAD_REQUEST", "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "document", ["{", "{ nothing }", "{ tasks }", "mutation { createTask { task { id } } }", "x y"]
)
async def test_a_document_that_cannot_be_run(client: Client, there: Any, document: str) -> None:
    response = await client.send(document)
    assert response.status_code in (200, 400)
    for error in response.json()["errors"]:
        assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
