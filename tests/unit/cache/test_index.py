"""Arguments and reply of the page script."""

from datetime import UTC, datetime

import pytest

from cache.redis.entry import Lease
from cache.redis.index import IndexPage, PageRange, page_arguments, parse_page
from tests.unit.cache.tasks import task_id

FIRST, SECOND = task_id(1), task_id(2)
IDS = [FIRST.bytes, SECOND.bytes]


def test_arguments_without_positions_are_empty() -> None:
    assert page_arguments(PageRange(5)) == ["NEWEST", b"", b"", b"", b"", "first", 5, 0]


def test_arguments_have_the_scores_and_ids_of_positions() -> None:
    part = PageRange(5, "last", after=(10, FIRST), before=(20, SECOND), offset=3, order="EXPIRING_SOON")
    assert page_arguments(part) == ["EXPIRING_SOON", 10, FIRST.bytes, 20, SECOND.bytes, "last", 5, 3]


def test_reply_is_parsed() -> None:
    reply = [[FIRST.bytes, 1767225845678901, SECOND.bytes, 7], 3, 9, 8, 42, 1767225845678, [b"V", None], 1767225840000]
    page = parse_page(reply, "a token")
    assert page == IndexPage(
        IDS,
        [1767225845678901, 7],
        rank=3,
        length=9,
        total=8,
        rev=42,
        next_expiry_ms=1767225845678,
        entries=[b"V", None],
        token="a token",
        now_ms=1767225840000,
    )
    assert (page.first, page.last) == ((1767225845678901, FIRST), (7, SECOND))
    assert page.leases == {SECOND.bytes: Lease("a token", datetime(2026, 1, 1, 0, 4, tzinfo=UTC))}


def test_empty_page_past_the_end_has_the_length_as_its_rank() -> None:
    page = parse_page([[], 1000, 9, 9, 42, 0, [], 1], "a token")
    assert (page.rank, page.first, page.last) == (9, None, None)
    assert (page.has_before, page.has_after) == (True, False)


@pytest.mark.parametrize(
    ("rank", "length", "has_before", "has_after"),
    [(0, 2, False, False), (0, 3, False, True), (1, 3, True, False), (1, 4, True, True)],
)
def test_page_knows_whether_tasks_precede_and_follow(rank: int, length: int, has_before: bool, has_after: bool) -> None:
    page = parse_page([[IDS[0], 2, IDS[1], 1], rank, length, length, 1, 0, [b"V", b"V"], 1], "a token")
    assert (page.has_before, page.has_after) == (has_before, has_after)
