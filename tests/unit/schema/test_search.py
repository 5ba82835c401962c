"""Conversion of search queries and filters."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from db.filters import RowFilter
from schema.errors import BadInput
from schema.resolvers.search import row_filter, search_terms
from schema.types.search import DateTimeRange, TaskFilter
from schema.types.task import TaskPriority, TaskStatus

TIME = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("report", [("report", False)]),
        ("  write  the\treport ", [("write", False), ("the", False), ("report", False)]),
        ('"the report" now', [("the report", True), ("now", False)]),
        ('now "the report', [("the report", True), ("now", False)]),
        ('"" " "', []),
        ("anna@example.com", [("anna", False), ("example", False), ("com", False)]),
        ("-draft a|b foo_bar", [("draft", False), ("a", False), ("b", False), ("foo", False), ("bar", False)]),
        ("don't", [("don", False), ("t", False)]),
        ("„Größe“ <b>", [("grosse", False), ("b", False)]),
        ('"..." x', [("x", False)]),
        ("表", [("表", False)]),
    ],
)
def test_search_terms(query: str, terms: list[tuple[str, bool]]) -> None:
    assert search_terms(query) == terms


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "query must have 1 to 200 characters, not 0."),
        ("x" * 1201, "query must have 1 to 200 characters, not 1,201."),
        (" ".join("abcdefghijk"), "query must have at most 10 words and phrases, not 11."),
        ("a\0b", "query contains a NUL character or an unpaired surrogate. Remove it."),
        ("a\ud800b", "query contains a NUL character or an unpaired surrogate. Remove it."),
    ],
    ids=ascii,
)
def test_invalid_search_query_is_rejected(query: str, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        search_terms(query)
    assert caught.value.message == message


def test_filter_without_conditions_matches_all_tasks() -> None:
    assert row_filter(TaskFilter()) == RowFilter()


def test_filter_by_status_and_priority() -> None:
    given = TaskFilter(status=TaskStatus.DONE, priority=[TaskPriority.HIGH, TaskPriority.LOW])
    assert row_filter(given) == RowFilter(statuses=("DONE",), priorities=("HIGH", "LOW"))


def test_filter_by_expiry_is_open_at_missing_ends() -> None:
    open_range = row_filter(TaskFilter(expires_at=DateTimeRange()))
    assert open_range.by_expiry
    bounded = row_filter(TaskFilter(expires_at=DateTimeRange(from_=TIME, before=TIME + timedelta(days=1))))
    assert (bounded.expires_from, bounded.expires_before) == (TIME, TIME + timedelta(days=1))


def test_offset_of_a_time_does_not_matter() -> None:
    utc, offset = DateTimeRange(from_=TIME), DateTimeRange(from_=TIME.astimezone(timezone(timedelta(hours=5))))
    assert row_filter(TaskFilter(created_at=utc)) == row_filter(TaskFilter(created_at=offset))


def test_times_beyond_the_range_of_a_task_are_limited() -> None:
    always = DateTimeRange(from_=datetime.min.replace(tzinfo=UTC), before=datetime.max.replace(tzinfo=UTC))
    assert row_filter(TaskFilter(created_at=always)) == RowFilter()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (TaskFilter(expires_at=DateTimeRange(), priority=[TaskPriority.HIGH]), "expiresAt only with status"),
        (TaskFilter(expires_at=DateTimeRange(), created_at=DateTimeRange()), "expiresAt only with status"),
        (TaskFilter(priority=[]), "1 to 5 different values"),
        (TaskFilter(priority=[TaskPriority.HIGH, TaskPriority.HIGH]), "1 to 5 different values"),
    ],
)
def test_invalid_filter_is_rejected(given: TaskFilter, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        row_filter(given)
