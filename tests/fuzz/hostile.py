"""Generates hostile input: damaged documents, JSON, HTTP requests and WebSocket messages, from valid ones."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_from_bytes

from schema.build import create_schema
from tests.fuzz.differential.generator import DocumentGenerator
from tests.fuzz.operations import MOMENTS

BIG = "9" * 4301
ID = "019ab2c4-7d1e-7c3a-9f00-3b1f0c2d4e5f"
SIZES = [0, 1, 100.0, 101, 10**30]
SUBSCRIPTIONS = (
    "subscription { taskChanged { kind rev task { id title createdAt } } }",
    "subscription A($after: String) { taskChanged(after: $after) { kind } }",
    "subscription { taskCountsChanged { all } }",
)
# Pieces that are put into documents, in any place.
PIECES = (
    *(
        "{}",
        "{ ... {} }",
        "...{}",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ":",
        "=",
        "!",
        "|",
        "&",
        "$",
        "@",
        "...",
        "#",
        '"',
        '"""',
    ),
    *("$v", "$v: Int = ", "@skip(if: true)", "@include(if: $v)", "@defer", "@stream(initialCount: 1)", "__typename"),
    *("query B { __typename }", "mutation B { __typename }", "subscription C { taskCountsChanged { all } }", "...F"),
    *(
        " fragment F on Query { ...F }",
        " fragment F on Task {} ",
        "{ __schema { types { fields { name } } } }",
        "extend",
    ),
    *(BIG, "-" + BIG, BIG + ".5", "1e999", "-0", "1.", "null", "true", '"\\ud800"', '"\\u{110000}"', "\ud800", "\0"),
    *("\ufeff", "é", "𝄞", "\u2028", "{a" * 300, "[" * 300, "a" * 500, " " * 300, "\n" * 300, "type Query { a: Int }"),
)
# JSON texts that are put in the place of a value.
VALUES = (
    *(
        "null",
        "true",
        "0",
        "-1",
        "1.0",
        "100.0",
        "1e2",
        "1e999",
        "-1e999",
        "NaN",
        "Infinity",
        BIG,
        "1" * 400,
        "[]",
        "{}",
    ),
    *('""', '"\\ud800"', '"\\udfff\\ud800"', '"\\ud83d\\ude00"', '"\\u0000"', '"' + "x" * 2000 + '"', "[[[[[[]]]]]]"),
    *(
        '{"a": 1}',
        '[null, 1, "a"]',
        "[" * 2000 + "]" * 2000,
        "01",
        '"\\x"',
        f'"{ID}"',
        f'"{ID.upper()}"',
        f'" {ID[1:]}"',
    ),
    *(json.dumps(moment) for moment in MOMENTS),
    *('"9999999999999999999999-1"', '"1-1"', '"dAAGYPxy8nBJAZQfKXwAdXKp3Z_44JuQ8Rce_EI"', '"2026-W48-3"', '"TODO"'),
)
MEMBERS = ("query", "variables", "operationName", "extensions", "documentId", "doc_id", "other", "\ud800", "")
ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1")
ACCEPTS = (
    *["application/json", "application/graphql-response+json", "*/*", "", "text/event-stream"] * 5,
    "text/html",
    ";q=x,,",
)
CONTENT_TYPES = (
    *("application/json", "application/json; charset=utf-8", "application/json;charset=utf-16", "text/plain", ""),
    *("multipart/form-data; boundary=x", "application/graphql"),
)
OBJECTS: Sequence[Any] = ({}, {"a": [1.5, None, {"b": "\0"}]}, {"x": "é" * 3000}, [], 5)
NO_VARIABLES: Mapping[str, Any] = {}
METHODS = (*["POST"] * 24, *["GET"] * 6, "PUT", "HEAD", "OPTIONS", "DELETE")
TYPES: Sequence[Any] = (
    "subscribe",
    "subscribe",
    "subscribe",
    "complete",
    "ping",
    "pong",
    "connection_init",
    "next",
    "\ud800",
    1,
    [],
    None,
)


@dataclass
class HostileRequest:
    """One HTTP request."""

    method: str
    query_string: str
    headers: dict[str, str]
    body: bytes


class HostileGenerator:
    """Generates hostile input. The seed determines all of it."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        pools: dict[str, Sequence[Any]] = {"DateTime": MOMENTS, "ID": [ID, "", "no id"], "Query.tasks.first": SIZES}
        pools["JSONObject"] = OBJECTS
        self._documents = DocumentGenerator(create_schema()._schema, self._random, pools, spoil=0.2)

    def request(self) -> HostileRequest:
        """Return an HTTP request to /graphql."""
        chance = self._random
        method = chance.choice(METHODS)
        headers = {"Accept": chance.choice(ACCEPTS), "Content-Type": "application/json"}
        if chance.random() < 0.1:
            headers["Content-Type"] = chance.choice(CONTENT_TYPES)
        if chance.random() < 0.05:
            headers["X-Request-Id"] = chance.choice(["a", "x" * 100, "é"])
        if chance.random() < 0.05:
            headers["X-Millitask-Trace"] = chance.choice(["1", "0"])
        if method == "GET":
            return HostileRequest(method, self._query_string(), headers, b"")
        return HostileRequest(method, "", headers, self.body())

    def body(self) -> bytes:
        """Return a body: usually the JSON of a request, with damage."""
        chance = self._random
        text = self._request_text()
        if chance.random() < 0.05:
            text = f"[{', '.join([text] * chance.choice([0, 1, 2, 3]))}]"
        if chance.random() < 0.05:
            return text.encode(chance.choice(ENCODINGS), errors="replace")
        body = text.encode(errors="surrogatepass")
        if chance.random() < 0.05:
            at = chance.randrange(len(body) + 1)
            damage = chance.choice([b"", b"\xff", b"\0", b"}", b'"', b"\\ud800", b"\xed\xa0\x80", b"\xef\xbb\xbf"])
            body = body[:at] + damage + body[at + chance.choice([0, 1, 1, len(body)]) :]
        return body

    def message(self) -> str | bytes:
        """Return a WebSocket message: usually one of the protocol, with damage."""
        chance = self._random
        id_ = chance.choice(['"1"', '"2"', '"3"', '"\\ud800"', *VALUES[:20]])
        type_ = json.dumps(chance.choice(TYPES))
        payload = self._request_text() if chance.random() < 0.8 else chance.choice(VALUES)
        text = f'{{"id": {id_}, "type": {type_}, "payload": {payload}}}'
        if chance.random() < 0.05:
            text = chance.choice([text[: chance.randrange(len(text))], *VALUES, "", "\ufeff" + text, "[" * 5000])
        text = text.encode(errors="replace").decode()
        return text.encode() if chance.random() < 0.02 else text

    def document(self) -> tuple[str, Mapping[str, Any], str | None]:
        """Return a document, valid or damaged, with variables and the name of an operation."""
        chance = self._random
        if chance.random() < 0.15:
            text, variables, name = chance.choice(SUBSCRIPTIONS), NO_VARIABLES, None
        else:
            case = self._documents.case()
            text, variables, name = case.document, case.variables, case.operation_name
        for _ in range(chance.choice([0, 0, 0, 1, 1, 2, 4])):
            text = self._damaged(text)
        return text, variables, name

    def _damaged(self, text: str) -> str:
        chance = self._random
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice([0, 0, 1, 3, 20]))
        kind = chance.random()
        if kind < 0.7:
            return text[:start] + chance.choice(PIECES) + text[end:]
        if kind < 0.85:
            return text[:start] + text[end:]
        return text[:start] + text[start:end] * chance.choice([2, 3, 50]) + text[end:]

    def _request_text(self) -> str:
        """Return the JSON text of a request. Some members are missing, repeated, unknown, or of another type."""
        chance = self._random
        text, variables, name = self.document()
        members = [
            ("query", json.dumps(text)),
            ("variables", self._variables(variables)),
            ("operationName", json.dumps(name)),
        ]
        for _ in range(chance.choice([0, 0, 0, 0, 0, 0, 1, 2])):
            members.insert(chance.randrange(len(members) + 1), (chance.choice(MEMBERS), chance.choice(VALUES)))
        if chance.random() < 0.05:
            members.pop(chance.randrange(len(members)))
        return "{" + ", ".join(f"{json.dumps(key)}: {value}" for key, value in members) + "}"

    def _variables(self, variables: Mapping[str, Any]) -> str:
        chance = self._random
        members = {json.dumps(key): json.dumps(value) for key, value in variables.items()}
        if chance.random() < 0.3:
            members[chance.choice([*members, '"v"', '"unused"', '"\\ud800"', '"after"'])] = chance.choice(VALUES)
        return "{" + ", ".join(f"{key}: {value}" for key, value in members.items()) + "}"

    def _query_string(self) -> str:
        chance = self._random
        text, variables, name = self.document()
        members: list[tuple[str, str]] = [("query", text[:3000]), ("variables", self._variables(variables)[:2000])]
        members += [("operationName", name)] if name else []
        for _ in range(chance.choice([0, 0, 1])):
            members.append((chance.choice(MEMBERS), chance.choice(VALUES)[:2000]))
        parts = [f"{_quoted(key)}={_quoted(value)}" for key, value in members]
        return "&".join(parts) + chance.choice(["", "", "&", "%", "&=", "%ff", "&query"])


def _quoted(text: str) -> str:
    return quote_from_bytes(text.encode(errors="surrogatepass"))
