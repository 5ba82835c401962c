"""Tests how pages of views and searches are built, without a store."""

from datetime import UTC, datetime

import pytest

from cache.reads.pages import Page, row_position
from cache.reads.search import SearchPage
from cache.redis.encoded_task import encode
from tests.unit.cache.tasks import make_task, task_id

TASKS = [encode("default", make_task(number)) for number in range(4)]


@pytest.mark.parametrize(
    ("front", "end", "expected"),
    [
        (0, 0, Page(TASKS, 9, 2, has_before=False, has_after=False)),
        (1, 0, Page(TASKS[1:], 9, 3, has_before=True, has_after=False)),
        (0, 1, Page(TASKS[:3], 9, 2, has_before=False, has_after=True)),
        (1, 1, Page(TASKS[1:3], 9, 3, has_before=True, has_after=True)),
        (0, 4, Page([], 9, 2, has_before=False, has_after=True)),
    ],
)
def test_page_without_tasks_at_its_ends(front: int, end: int, expected: Page) -> None:
    assert Page(TASKS, 9, 2, has_before=False, has_after=False).trimmed(front, end) == expected


def test_shortened_page_of_postgresql_has_no_rank() -> None:
    page = Page(TASKS, None, None, has_before=True, has_after=True).trimmed(1, 1)
    assert page == Page(TASKS[1:3], None, None, has_before=True, has_after=True)


@pytest.mark.parametrize(("count", "has_before"), [(0, True), (1, True), (3, True), (4, False), (5, False)])
def test_last_tasks_of_a_search_page(count: int, has_before: bool) -> None:
    page = SearchPage(TASKS, has_before=False, has_after=True).last(count)
    assert page == SearchPage(TASKS[max(0, 4 - count) :], has_before=has_before, has_after=True)


def test_index_position_is_converted_exactly_to_a_row_position() -> None:
    created_at = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
    assert row_position((1_767_323_045_678_901, task_id(1)), "NEWEST") == (created_at, task_id(1))
    assert row_position((1_767_323_045_678_901, task_id(1)), "OLDEST") == (created_at, task_id(1))
    expires_at = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
    assert row_position((1_767_323_045_678, task_id(1)), "EXPIRING_SOON") == (expires_at, task_id(1))
    assert row_position(None, "NEWEST") is None
