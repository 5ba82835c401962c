"""What the lists of bad input share: what is wrong with a field or an id, and how it is told."""

from typing import Any
from uuid import UUID

from tests.support.graphql_client import Client

ALL = "{ tasks(first: 100) { nodes { id title description status priority expiresAt version } totalCount } }"

# What is wrong, the field, the code, and the words that the message must have.
FIELDS: list[tuple[dict[str, Any], str, str, list[str]]] = [
    ({"title": ""}, "title", "BLANK", ["empty"]),
    ({"title": " \t\n"}, "title", "BLANK", ["empty"]),
    ({"title": "x" * 501}, "title", "TOO_LONG", ["500", "501"]),
    ({"title": "𝄞" * 501}, "title", "TOO_LONG", ["500", "501"]),
    ({"description": "x" * 10_001}, "description", "TOO_LONG", ["10,000", "10,001"]),
    ({"title": "a\0b"}, "title", "INVALID_CHARACTER", ["NUL"]),
    ({"description": "a\0b"}, "description", "INVALID_CHARACTER", ["NUL"]),
    ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt", "IN_PAST", ["future"]),
    ({"expiresAt": "0001-01-01T00:00:00Z"}, "expiresAt", "OUT_OF_RANGE", ["1970", "2200"]),
    ({"expiresAt": "0001-01-01T00:00:00+14:00"}, "expiresAt", "OUT_OF_RANGE", ["1970", "2200"]),
    ({"expiresAt": "9999-12-31T23:59:59Z"}, "expiresAt", "OUT_OF_RANGE", ["1970", "2200"]),
    ({"expiresAt": "9999-12-31T23:59:59-14:00"}, "expiresAt", "OUT_OF_RANGE", ["1970", "2200"]),
    ({"expiresAt": "2200-01-01T00:00:00Z"}, "expiresAt", "OUT_OF_RANGE", ["2200"]),
]

IDS: list[tuple[str, list[str]]] = [
    ("", ["UUID"]),
    ("7", ["UUID"]),
    ("019ab2c4-7d1e-7c3a-9f00-3b1f0c2d4e5g", ["UUID"]),
    ("019ab2c4-7d1e-7c3a-9f00-3b1f0c2d4e5\0", ["UUID"]),
    ("{19ab2c4-7d1e-7c3a-9f00-3b1f0c2d4e5}", ["UUID"]),
    ("x" * 10_000, ["UUID"]),
    (str(UUID(int=0)), ["version 7"]),
    (str(UUID("019ab2c4-7d1e-4c3a-9f00-3b1f0c2d4e5f")), ["version 7"]),
    (str(UUID("019ab2c4-7d1e-1c3a-9f00-3b1f0c2d4e5f")), ["version 7"]),
]


async def everything(client: Client) -> Any:
    """All that there is."""
    return await client.query(ALL)


def check(errors: list[Any], field: str, code: str, words: list[str]) -> None:
    [error] = errors
    assert (error["code"], error["field"]) == (code, [field])
    for word in (field, *words):
        assert word in error["message"]
    assert len(error["message"]) < 200


async def refused(client: Client, document: str, word: str, **variables: Any) -> None:
    """Not run, because it does not fit the schema, and the message says where."""
    error = await client.error(document, **variables)
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED", variables
    assert word in error["message"], variables
