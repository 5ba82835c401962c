"""Tests the counts of a process: the sketch, and that memory is bounded."""

from collections import Counter
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import pytest

from benchmarks.zipf import ZipfWorkload
from cache.usage import batches, usage
from cache.usage.heavy_hitters import HeavyHitters
from cache.usage.request_uses import MAX_OPERATIONS, OTHER
from cache.usage.reuse import MAX_SAMPLES
from cache.usage.rows import Rows
from cache.usage.usage import Usage
from cache.usage.workspace_usage import Content, PageUse, Requested
from db.usage import Amounts, Kind

NOW = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)


class Ended(NamedTuple):
    outcome: str = "OK"
    name: str | None = "Page"
    document_hash: str | None = "h"
    points: int | None = 10


def hours(rows: Rows, kind: Kind) -> dict[str, Amounts]:
    return {cell.key: amounts for cell, amounts in rows if (cell.kind, cell.resolution) == (kind, "hour")}


def numbers(rows: Rows, kind: Kind) -> dict[str, int]:
    return {key: amounts.requests for key, amounts in hours(rows, kind).items()}


def stored_tasks(counts: Usage, *, everything: bool = False) -> Counter[bytes]:
    """Return the tasks that are stored now. everything: also those that would wait."""
    rows = counts.take(NOW, 0.0, everything=everything)
    return Counter({UUID(key).bytes: number for key, number in numbers(rows, "task").items()})


def test_top_100_of_a_shifting_workload_is_right() -> None:
    workload, counts = ZipfWorkload(100_000), Usage()
    for _ in range(3):
        truth: Counter[bytes] = Counter()
        found: Counter[bytes] = Counter()
        for number, page in enumerate(workload.pages(2000)):
            counts.of("default").count_tasks(page)
            truth.update(page)
            if number % 200 == 199:  # as if ten seconds had passed
                found += stored_tasks(counts)
        found += stored_tasks(counts, everything=True)
        top = [id_ for id_, _ in truth.most_common(100)]
        assert len({id_ for id_, _ in found.most_common(100)} & set(top)) >= 95
        assert all(abs(found[id_] - truth[id_]) <= 0.05 * truth[id_] for id_ in top)
        # Never more than there were.
        assert all(found[id_] <= truth[id_] for id_ in found)
        workload.shift()


def test_key_requested_more_than_its_share_is_never_dropped() -> None:
    hitters: HeavyHitters[int] = HeavyHitters(10)
    for batch in range(200):
        # One in eight requests is for the key -1; the others are all different.
        hitters.add("default", [(-1, 1), *((batch * 7 + number, 1) for number in range(7))])
        assert len(hitters) <= 15
    assert hitters.take(1) == [("default", -1, 200)]


def test_keys_beyond_the_most_wait_until_they_are_taken() -> None:
    hitters: HeavyHitters[str] = HeavyHitters(10)
    hitters.add("w", [("a", 5), ("b", 3), ("c", 1)])
    hitters.add("other", [("a", 4)])
    assert hitters.take(2) == [("w", "a", 5), ("other", "a", 4)]
    hitters.add("w", [("a", 2), ("c", 3)])
    assert hitters.take(2) == [("w", "c", 4), ("w", "b", 3)]
    assert hitters.take(2) == [("w", "a", 2)]
    assert hitters.take(2) == []


def test_counts_below_the_least_are_skipped() -> None:
    hitters: HeavyHitters[str] = HeavyHitters(10)
    hitters.add("w", [("a", 2), ("b", 1)], least=2)
    assert hitters.take(2) == [("w", "a", 2)]


def test_full_batch_is_counted_in_parts_while_requests_go_on() -> None:
    counts = Usage()
    of_workspace = counts.of("default")
    hot = [bytes(15) + bytes([number]) for number in range(10)]
    pages = 3 * batches.MAX_KEYS // 40
    for page in range(pages):
        of_workspace.count_page_of_hits(hot + [(page * 40 + number).to_bytes(16) for number in range(1000, 1040)])
        assert len(of_workspace.tasks) < 2 * batches.MAX_KEYS
    assert len(counts.batches.tasks) > 0
    found = stored_tasks(counts)
    assert all(found[id_] == pages for id_ in hot)


def test_parts_leave_no_work_to_take() -> None:
    counts = Usage()
    counts.of("default").count_page_of_hits([b"a" * 16, b"b" * 16])
    response = Response(Content((PageUse(None, "NEWEST", 1, 0),), b"a" * 16, 1))
    counts.of("default").count_page_hit(response)
    parts = counts.parts()
    next(parts)
    # Requested between two parts.
    counts.of("default").count_page_hit(response)
    for _ in parts:
        pass
    assert stored_tasks(counts) == {b"a" * 16: 3, b"b" * 16: 1}
    assert not stored_tasks(counts)


def test_numbers_of_keys_are_bounded_however_many_are_requested() -> None:
    """`make bench SUITE=usage` measures the memory."""
    counts = Usage()
    of_workspace = counts.of("default")
    for start in range(0, 150_000, 50):
        ids = [number.to_bytes(16) for number in range(start, start + 50)]
        of_workspace.count_reads(ids)
        of_workspace.count_misses(ids, set(), 1)
        of_workspace.count_tasks(ids)
        of_workspace.count_page(PageUse(None, "NEWEST", 50, start))
        counts.count_request("default", f"actor {start}", Ended(document_hash=str(start)), 0.01)
        assert len(of_workspace.tasks) + len(of_workspace.pages) <= batches.MAX_KEYS + batches.PART_REQUESTS
    assert len(counts.batches.reuse) <= MAX_SAMPLES
    rows = counts.take(NOW, 0.0, everything=True)
    assert len(numbers(rows, "task")) <= 1.5 * batches.MAX_TASKS
    assert len(numbers(rows, "page")) <= usage.STORED_PAGES
    assert len(numbers(rows, "operation")) <= MAX_OPERATIONS + 1


def test_further_operations_and_long_names_count_together() -> None:
    counts = Usage()
    for number in range(MAX_OPERATIONS + 50):
        counts.count_request("default", "a", Ended(document_hash=f"{number:04}"), 0.01)
    counts.count_request("default", "a", Ended(name="x" * 65, document_hash="long"), 0.01)
    operations = numbers(counts.take(NOW, 0.0), "operation")
    assert len(operations) == MAX_OPERATIONS + 1
    assert operations[f"- {OTHER}"] == 51


def test_requests_are_stored_by_operation_client_and_both() -> None:
    counts = Usage()
    counts.count_request("default", "token:1", Ended(), 0.003)
    counts.count_request("default", "token:1", Ended("BUSY", points=None), 20.0)
    counts.count_request("default", "token:2", Ended(), 0.003)
    rows = counts.take(NOW, 0.0)
    [operation] = hours(rows, "operation").values()
    assert (operation.requests, operation.points, operation.errors) == (3, 20, 1)
    assert operation.durations == [0, 0, 2, *[0] * 10, 1]
    assert numbers(rows, "client") == {"token:1": 2, "token:2": 1}
    assert numbers(rows, "sender") == {"h token:1": 2, "h token:2": 1}
    assert not numbers(counts.take(NOW, 0.0), "operation")


def test_rows_are_for_the_minute_the_hour_and_the_day_and_those_of_tasks_not_for_minutes() -> None:
    rows = Rows(NOW)
    rows.add("default", "counter", "hits", Amounts(1))
    rows.add("default", "task", "id", Amounts(1))
    starts = {(cell.kind, cell.resolution): cell.starts_at for cell, _ in rows}
    day, hour, minute = NOW.replace(hour=0, minute=0, second=0), NOW.replace(minute=0, second=0), NOW.replace(second=0)
    assert starts == {
        ("counter", "minute"): minute,
        ("counter", "hour"): hour,
        ("counter", "day"): day,
        ("task", "hour"): hour,
        ("task", "day"): day,
    }


class Response:
    def __init__(self, content: Content) -> None:
        self.uses = 0
        self.content: Content | None = content


def test_cached_response_counts_its_content_once_for_each_use() -> None:
    counts, requested, ids = Usage(), Requested(), [bytes(16), b"x" * 16]
    requested.ids += ids
    requested.pages.append(PageUse("DONE", "OLDEST", 2, 150))
    requested.reads = 2
    response = Response(Content.of(requested))
    for _ in range(3):
        counts.of("default").count_page_hit(response)
    rows = counts.take(NOW, 0.0)
    assert numbers(rows, "counter") == {"page_hits": 3, "queries_saved": 6}
    assert set(numbers(rows, "task").values()) == {3}
    assert numbers(rows, "view") == {"DONE OLDEST": 3}
    assert numbers(rows, "depth") == {"100": 3}
    assert numbers(rows, "page") == {"DONE OLDEST 2 150": 3}
    assert response.uses == 0
    assert not numbers(counts.take(NOW, 0.0), "counter")


def test_workspaces_take_turns_if_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "STORED_WORKSPACES", 2)
    counts = Usage()
    for name in "abc":
        counts.of(name).count_hits(1)
    taken = [{cell.workspace for cell, _ in counts.take(NOW, 0.0)} for _ in range(3)]
    assert taken == [{"a", "b"}, {"c"}, set()]
    counts.of("b").count_hits(1)
    counts.forget("b")
    everything = counts.take(NOW, 0.0, everything=True)
    assert {cell.workspace for cell, _ in everything} == {"b"}
    assert counts.of("b").counters == {}


def test_batches_of_many_workspaces_are_bounded() -> None:
    counts = Usage()
    for number in range(0, 8 * batches.MAX_KEYS, 20):
        ids = [each.to_bytes(16) for each in range(number, number + 20)]
        counts.of(f"workspace {number // 20 % 2000}").count_tasks(ids)
    waiting = sum(len(counts.of(f"workspace {number}").tasks) for number in range(2000))
    assert waiting < 2 * batches.MAX_KEYS
