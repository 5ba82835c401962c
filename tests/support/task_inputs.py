"""Field values that clients write: defaults, valid and invalid values, and assertions on the errors."""

from typing import Any
from uuid import UUID

from tests.support.graphql_client import TASK_FIELDS, Client

ALL_TASKS = f"{{ tasks(first: 100) {{ nodes {{ ...TaskFields }} totalCount }} }} {TASK_FIELDS}"

# The field values of a task that was created with only a title.
DEFAULTS: dict[str, Any] = {"description": "", "status": "TODO", "priority": "NONE", "expiresAt": None}
DEFAULTS |= {"dueAt": None, "assignee": None, "labels": [], "metadata": None, "externalId": None, "listId": None}

# A valid value of each field. The service returns the value as the client sent it.
VALID_FIELDS: list[tuple[str, Any]] = [
    ("title", "Träume 𝄞"),
    ("description", "a\nb"),
    ("status", "DONE"),
    ("priority", "URGENT"),
    ("expiresAt", "2199-12-31T23:59:59.999000+00:00"),
    ("dueAt", "1970-01-01T00:00:00.000001+00:00"),
    ("dueAt", "2199-12-31T23:59:59.999999+00:00"),
    ("assignee", "𝄞" * 200),
    ("labels", ["é" * 50, 'quo"te', "back\\slash", "{a,b}", "NULL", "Bug", "bug"]),
    ("labels", [f"label {number}" for number in range(20)]),
    ("metadata", {"a": {"b": [1, 2.5, None, True, "\0", "é", {}]}, "": 12345678901234567890123}),
    ("metadata", {"x": "é" * 2044}),
]


def nested(levels: int) -> list[Any]:
    """Return a list in a list, this many times."""
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


# Each item has an invalid input, the field and code of its error, and words that the message must contain.
INVALID_FIELDS: list[tuple[dict[str, Any], str, str, list[str]]] = [
    ({"title": ""}, "title", "BLANK", ["empty"]),
    ({"title": " \t\n"}, "title", "BLANK", ["empty"]),
    ({"title": "x" * 501}, "title", "TOO_LONG", ["500", "501"]),
    ({"title": "𝄞" * 501}, "title", "TOO_LONG", ["500", "501"]),
    ({"description": "x" * 10_001}, "description", "TOO_LONG", ["10,000", "10,001"]),
    ({"title": "a\0b"}, "title", "INVALID_CHARACTER", ["NUL"]),
    ({"description": "a\0b"}, "description", "INVALID_CHARACTER", ["NUL"]),
    ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt", "IN_PAST", ["future"]),
    ({"expiresAt": "0001-01-01T00:00:00Z"}, "expiresAt", "OUT_OF_RANGE", ["future", "2200"]),
    ({"expiresAt": "0001-01-01T00:00:00+14:00"}, "expiresAt", "OUT_OF_RANGE", ["future", "2200"]),
    ({"expiresAt": "9999-12-31T23:59:59Z"}, "expiresAt", "OUT_OF_RANGE", ["future", "2200"]),
    ({"expiresAt": "9999-12-31T23:59:59-14:00"}, "expiresAt", "OUT_OF_RANGE", ["future", "2200"]),
    ({"expiresAt": "2200-01-01T00:00:00Z"}, "expiresAt", "OUT_OF_RANGE", ["future", "2200"]),
    ({"dueAt": "1969-12-31T23:59:59Z"}, "dueAt", "OUT_OF_RANGE", ["1970", "2199"]),
    ({"dueAt": "9999-12-31T23:59:59-14:00"}, "dueAt", "OUT_OF_RANGE", ["1970", "2199"]),
    ({"assignee": ""}, "assignee", "BLANK", ["empty"]),
    ({"assignee": " "}, "assignee", "BLANK", ["empty"]),
    ({"assignee": "x" * 201}, "assignee", "TOO_LONG", ["200", "201"]),
    ({"assignee": "a\0b"}, "assignee", "INVALID_CHARACTER", ["NUL"]),
    ({"labels": ["a", ""]}, "labels", "BLANK", ["empty"]),
    ({"labels": ["x" * 51, ""]}, "labels", "TOO_LONG", ["50", "51"]),
    ({"labels": ["a\0b"]}, "labels", "INVALID_CHARACTER", ["NUL"]),
    ({"labels": [str(number) for number in range(21)]}, "labels", "TOO_MANY", ["20", "21"]),
    ({"metadata": {"x": "é" * 2045}}, "metadata", "TOO_LONG", ["4,096", "4,098"]),
    ({"metadata": {"x": nested(32)}}, "metadata", "OUT_OF_RANGE", ["32 levels"]),
    ({"metadata": {"x": nested(900)}}, "metadata", "OUT_OF_RANGE", ["32 levels"]),
]

# Each item has an invalid id, and words that the message must contain.
INVALID_IDS: list[tuple[str, list[str]]] = [
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


async def all_tasks(client: Client) -> Any:
    return await client.query(ALL_TASKS)


def assert_user_error(errors: list[Any], field: str, code: str, words: list[str]) -> None:
    """Assert that there is exactly one user error, and that its message names the field and contains the words."""
    [error] = errors
    assert (error["code"], error["field"]) == (code, [field])
    for word in (field, *words):
        assert word in error["message"]
    assert len(error["message"]) < 200


async def assert_validation_error(client: Client, document: str, word: str, **variables: Any) -> None:
    """Assert that validation against the schema rejects the operation, with a message that contains `word`."""
    error = await client.error(document, **variables)
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED", variables
    assert word in error["message"], variables
