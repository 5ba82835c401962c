"""Tests that the fast decoder of requests agrees with the detailed one, which knows what is wrong."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.graphql.request import GraphQLRequest, RequestError, decode_json, decode_request, parse_request
from tests.support.examples import examples

MEMBERS = ("query", "documentId", "operationName", "variables", "extensions", "other")
# Pieces that damage JSON, and pieces that do not.
PIECES = [
    b"",
    b'"',
    b"{",
    b"}",
    b"[",
    b",",
    b":",
    b"\\",
    b"\\ud83d",
    b"\\u0000",
    b"\xff",
    b"\xed\xa0\x80",
    b"\0",
    b" ",
    b"\xc3\xa9",
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
# Smaller than the largest float, also after damage: the fast decoder reads a number only when it is needed.
NUMBERS = st.integers() | st.floats(-1e100, 1e100)
LEAVES = st.none() | st.booleans() | NUMBERS | TEXTS
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=5
)
OBJECTS = st.none() | st.dictionaries(TEXTS, VALUES, max_size=3)
VALID = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("query", "documentId", "operationName"), st.none() | TEXTS),
        **dict.fromkeys(("variables", "extensions"), OBJECTS),
        "other": VALUES,
    },
)
ANY = VALID | st.dictionaries(st.sampled_from(MEMBERS), VALUES, max_size=4) | VALUES


def detailed(body: bytes) -> GraphQLRequest | None:
    try:
        return parse_request(decode_json(body, "body"))
    except RequestError:
        return None


def members(request: GraphQLRequest | None) -> Any:
    if request is None:
        return None
    names = (request.query, request.document_id, request.operation_name)
    return *names, request.variables, request.extensions


@settings(max_examples=examples(500), deadline=None)
@given(value=ANY, ascii_only=st.booleans(), at=st.integers(0, 60), cut=st.integers(0, 2), piece=st.sampled_from(PIECES))
def test_decoders_agree(value: Any, ascii_only: bool, at: int, cut: int, piece: bytes) -> None:
    intact = json.dumps(value, ensure_ascii=ascii_only).encode()
    for body in (intact, intact[:at] + piece + intact[at + cut :]):
        assert members(decode_request(body)) == members(detailed(body)), body


@pytest.mark.parametrize(
    "body",
    [
        b'{"query": "{ a }", "other": "\xff"}',
        b'{"query": "{ a }", "variables": {"a": "\xff"}}',
        b'{"query": "{ a }", "variables": {"a": "\\ud800"}}',
        b'{"query": "{ a }", "variables": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'[{"query": "{ a }"}]',
    ],
    ids=range(5),
)
def test_anything_else_takes_the_detailed_way(body: bytes) -> None:
    assert decode_request(body) is None


def test_variables_are_kept_as_they_were_sent() -> None:
    request = decode_request(b'{"query": "{ a }", "variables": {"a":  1.0}}')
    assert request is not None
    assert bytes(request.raw_variables) == b'{"a":  1.0}'
    assert request.variables == {"a": 1.0}


def test_number_that_is_too_large_is_refused_when_it_is_read() -> None:
    body = b'{"query": "{ a }", "variables": {"a": 1e999}}'
    request = decode_request(body)
    assert request is not None
    with pytest.raises(RequestError, match="variables cannot be read: it contains a number of more than"):
        _ = request.variables
    with pytest.raises(RequestError, match="body cannot be read: it contains a number of more than"):
        decode_json(body, "body")
