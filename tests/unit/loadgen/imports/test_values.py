"""Tests the conversion of cells and JSON values."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from loadgen.imports.values import ValueRules, WrongValue, field_value

RULES = ValueRules(ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02 03:04:05.678901+02:00", datetime(2026, 1, 2, 1, 4, 5, 678901, tzinfo=UTC)),
        ("2026-01-02T12:00", datetime(2026, 1, 2, 11, tzinfo=UTC)),
        ("2026-07-02T12:00", datetime(2026, 7, 2, 10, tzinfo=UTC)),
        (" 2026-01-02 ", datetime(2026, 1, 1, 23, tzinfo=UTC)),
        ("2026-10-25T02:30+01:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ],
)
def test_times(text: str, expected: datetime) -> None:
    assert field_value("dueAt", text, RULES) == expected


@pytest.mark.parametrize(
    ("text", "rules", "word"),
    [
        ("2026-01-02T12:00", ValueRules(), "--timezone"),
        ("2026-10-25T02:30", RULES, "occurs twice in Europe/Berlin"),
        ("2026-03-29T02:30", RULES, "does not exist in Europe/Berlin"),
        ("tomorrow", RULES, "ISO 8601"),
        ("2026-02-30", RULES, "ISO 8601"),
        (1764000000, RULES, "must be text, not a number"),
    ],
)
def test_times_that_are_unclear_are_refused(text: object, rules: ValueRules, word: str) -> None:
    with pytest.raises(WrongValue, match=word):
        field_value("createdAt", text, rules)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("status", "in progress", "IN_PROGRESS"),
        ("status", "In-Progress", "IN_PROGRESS"),
        ("priority", "high", "HIGH"),
        ("labels", "a, b,, c ", ["a", "b", "c"]),
        ("labels", '["a,b", " c "]', ["a,b", " c "]),
        ("labels", ["a,b"], ["a,b"]),
        ("metadata", '{"a": [1, {"b": null}]}', {"a": [1, {"b": None}]}),
        ("metadata", {"a": 1}, {"a": 1}),
        ("title", " kept ", " kept "),
    ],
)
def test_other_values(name: str, value: object, expected: Any) -> None:
    assert field_value(name, value, RULES) == expected


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("status", "open", "TODO, IN_PROGRESS or DONE"),
        ("priority", "5", "URGENT"),
        ("labels", "[1]", "list of texts"),
        ("labels", '["a"', "not valid JSON"),
        ("labels", 7, "list of texts"),
        ("metadata", "[]", "object, not a list"),
        ("metadata", "{", "not valid JSON"),
        ("metadata", "[" * 100_000, "not valid JSON"),
        ("title", True, "text, not true or false"),
        ("externalId", 7, "text, not a number"),
    ],
)
def test_wrong_values(name: str, value: object, word: str) -> None:
    with pytest.raises(WrongValue, match=word):
        field_value(name, value, RULES)


def test_label_separator() -> None:
    assert field_value("labels", "a,b|c", ValueRules(separator="|")) == ["a,b", "c"]
