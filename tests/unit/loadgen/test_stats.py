import random

import pytest

from loadgen.batches import Batch
from loadgen.responses import CreateTasksPayload, ItemResult, UserError
from loadgen.stats import MAX_REPORTED_ERRORS, Latencies, LoadStats


def payload(*codes: str | None) -> CreateTasksPayload:
    return CreateTasksPayload([ItemResult([UserError("why", code, ["title"])] if code else []) for code in codes], [])


def test_percentiles_are_within_one_percent() -> None:
    seconds = [random.Random(1).lognormvariate(-3, 1) for _ in range(10_000)]
    latencies = Latencies()
    for value in seconds:
        latencies.add(value)
    ordered = sorted(seconds)
    for percent in (50, 95, 99, 100):
        exact = ordered[len(ordered) * percent // 100 - 1]
        assert exact * 0.999 <= latencies.percentile(percent) <= exact * 1.011
    assert latencies.longest == ordered[-1]


def test_percentile_is_zero_without_requests_and_for_zero_latency() -> None:
    latencies = Latencies()
    assert latencies.percentile(99) == 0
    latencies.add(0.0)
    assert latencies.percentile(99) == 0


def test_batch_results_are_counted_by_kind() -> None:
    stats = LoadStats()
    stats.record_batch(Batch(500, 4, b""), payload(None, "ID_TAKEN", "INVALID", None))
    assert (stats.acknowledged, stats.already_taken, stats.failed) == (2, 1, 1)
    assert stats.answered == 4
    assert stats.item_errors == ["task 502: title: why (INVALID)"]


def test_only_the_first_errors_are_kept() -> None:
    stats = LoadStats()
    stats.record_batch(Batch(0, 100, b""), payload(*["INVALID"] * 100))
    assert stats.failed == 100
    assert [e.split(":")[0] for e in stats.item_errors] == [f"task {i}" for i in range(10)]
    assert len(stats.item_errors) == MAX_REPORTED_ERRORS


def test_clock_stops_at_the_end_of_the_load() -> None:
    stats = LoadStats()
    stats.start(3)
    stats.stop()
    assert stats.seconds == pytest.approx(0, abs=1)
    assert stats.seconds == stats.seconds
