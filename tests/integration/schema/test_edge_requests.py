"""Requests at the edge of JSON and of GraphQL: both executors give the same answer, and none is an internal error."""

import binascii
import json
import struct
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from typing import Any

import pytest

from api.config.settings import Settings
from tests.support.graphql_client import Client, running

BIG = "9" * 4301
TOTAL = "query ($n: Int) { tasks(first: $n) { totalCount } }"
SEARCH = "query ($s: String!) { searchTasks(query: $s) { nodes { id } } }"
FILTER = "query ($f: TaskFilter!, $c: String) { filterTasks(filter: $f, after: $c) { nodes { id } } }"
STATUS = "query ($s: TaskStatus) { filterTasks(filter: { status: $s }) { nodes { id } } }"
PAGE = "query ($c: String, $o: TaskOrder!) { tasks(after: $c, orderBy: $o) { nodes { id } } }"
EXPIRING = {"expiresAt": {"from": "2026-01-01T00:00:00Z"}}
INVALID, BAD, INPUT, NO_OPERATION = "GRAPHQL_VALIDATION_FAILED", "BAD_REQUEST", "BAD_USER_INPUT", "OPERATION_NOT_FOUND"


def body(query: str, **members: Any) -> bytes:
    return json.dumps({"query": query, **members}).encode()


def with_variables(query: str, variables: str) -> bytes:
    return f'{{"query": {json.dumps(query)}, "variables": {variables}}}'.encode()


def forged_cursor(sort_key: bytes, score: int) -> str:
    packed = struct.pack(">cq16s", sort_key, score, b"\x01" * 16)
    return urlsafe_b64encode(packed + struct.pack(">I", binascii.crc32(packed))).rstrip(b"=").decode()


# Each request with the code of its only error, or None if it has none.
REQUESTS: list[tuple[bytes, str | None]] = [
    *(
        (body(text), INVALID)
        for text in ("{}", "{ tasks {} }", "{ ... {} }", "mutation {}", "{ ...F } fragment F on Q {}")
    ),
    (body("fragment F on Query { __typename }"), NO_OPERATION),
    (body("{ __typename }", operationName="A\ud800"), NO_OPERATION),
    *(
        (body("{ tasks(first: " + digits + ") { totalCount } }"), "NUMBER_TOO_LONG")
        for digits in (BIG, "-" + BIG, BIG + "e5")
    ),
    (body("{ tasks(first: " + "9" * 1000 + ") { totalCount } }"), INVALID),
    (body("{ task(id: " + BIG + ") { id } }"), "NUMBER_TOO_LONG"),
    (body('{ task(id: "' + BIG + '") { id } }'), INPUT),
    (body("query ($n: Int = " + BIG + ") { tasks(first: $n) { totalCount } }"), "NUMBER_TOO_LONG"),
    (body("{ __typename @skip(if: " + BIG + ") }"), "NUMBER_TOO_LONG"),
    (with_variables(TOTAL, '{"n": ' + BIG + "}"), BAD),
    (with_variables(TOTAL, '{"n": 1e999}'), BAD),
    (with_variables(TOTAL, '{"n": 1, "unused": 1e999}'), None),
    (with_variables(TOTAL, '{"n": 1.0, "unused": ' + BIG + "}"), None),
    (with_variables(STATUS, '{"s": "TODO", "unused": ' + BIG + "}"), None),
    (with_variables(TOTAL, '{"n": NaN}'), BAD),
    (with_variables(TOTAL, '{"n": 100.0}'), None),
    (with_variables(TOTAL, '{"n": 1, "\\ud800": "\\udfff"}'), None),
    (with_variables(SEARCH, '{"s": "x\\ud800"}'), INPUT),
    (with_variables("query ($i: ID!) { task(id: $i) { id } }", '{"i": "\\ud800"}'), INPUT),
    (with_variables("query ($c: String) { tasks(after: $c) { totalCount } }", '{"c": "\\ud800"}'), INPUT),
    (with_variables(STATUS, '{"s": "\\ud800"}'), INVALID),
    (with_variables(FILTER, '{"f": {"createdAt": {"from": "\\ud800"}}}'), INVALID),
    (body("{ __typename } # \ud800"), INVALID),
    (body("{ __typename }", extensions={"a": "\ud800"}), None),
    (b"\xef\xbb\xbf" + body("{ __typename }"), None),
    (body("{ __typename }").decode().encode("utf-16"), BAD),
    *(
        (body(PAGE, variables={"c": forged_cursor(key, score), "o": order}), code)
        for key, order, score, code in (
            (b"t", "NEWEST", 253_402_300_800_000_000, INPUT),
            (b"e", "EXPIRING_SOON", 253_402_300_800_000, INPUT),
            (b"e", "EXPIRING_SOON", 7_258_118_399_999, None),
            (b"x", "NEWEST", 0, INPUT),
        )
    ),
    (body(FILTER, variables={"f": EXPIRING, "c": forged_cursor(b"e", 253_402_300_800_000)}), INPUT),
    (body(FILTER, variables={"f": EXPIRING, "c": forged_cursor(b"e", 7_258_118_399_999)}), None),
]
IMPORT = """
mutation ($tasks: [CreateTaskInput!]!) {
  createTasks(input: { tasks: $tasks }) {
    results { clientMutationId task { title } userErrors { code field } }
  }
}
"""


@pytest.fixture
async def other(database_url: str, redis_url: str) -> AsyncIterator[Client]:
    """Yield a client of a service with the standard executor."""
    async with running(Settings(database_url=database_url, redis_url=redis_url, executor="standard")) as client:
        yield client


async def test_executors_agree_on_edge_requests(client: Client, other: Client) -> None:
    for sent, code in REQUESTS:
        answers = [await each.post(sent) for each in (client, client, other)]
        texts = {(answer.status_code, answer.text.replace(',"degraded":true', "")) for answer in answers}
        assert len(texts) == 1, (sent[:100], texts)
        errors = answers[0].json().get("errors", [])
        assert [error["extensions"]["code"] for error in errors] == ([] if code is None else [code]), sent[:100]


@pytest.mark.parametrize("executor", ["compiled", "standard"])
async def test_unpaired_surrogate_concerns_its_item_only(client: Client, other: Client, executor: str) -> None:
    tasks = [{"title": "First"}, {"title": "cut \ud83d"}, {"title": "Third", "clientMutationId": "\ud83d"}]
    used = client if executor == "compiled" else other
    first, second, third = (await used.query(IMPORT, tasks=tasks))["createTasks"]["results"]
    assert (first["task"], third["task"]) == ({"title": "First"}, {"title": "Third"})
    assert second["userErrors"] == [{"code": "INVALID_CHARACTER", "field": ["title"]}]
    assert third["clientMutationId"] == "\ud83d"
