import random

import pytest

from loadgen.answers import CreateTasksPayload, ItemResult, UserError
from loadgen.batches import Batch
from loadgen.tally import MAX_REPORTED, Latencies, Tally


def payload(*codes: str | None) -> CreateTasksPayload:
    return CreateTasksPayload([ItemResult([UserError("why", code, ["title"])] if code else []) for code in codes], [])


def test_percentiles_are_within_one_per_cent() -> None:
    seconds = [random.Random(1).lognormvariate(-3, 1) for _ in range(10_000)]
    latencies = Latencies()
    for value in seconds:
        latencies.add(value)
    ordered = sorted(seconds)
    for percent in (50, 95, 99, 100):
        exact = ordered[len(ordered) * percent // 100 - 1]
        assert exact * 0.999 <= latencies.percentile(percent) <= exact * 1.011
    assert latencies.longest == ordered[-1]


def test_no_request_at_all_and_none_that_took_any_time() -> None:
    latencies = Latencies()
    assert latencies.percentile(99) == 0
    latencies.add(0.0)
    assert latencies.percentile(99) == 0


def test_what_became_of_each_task() -> None:
    tally = Tally()
    tally.answer(Batch(500, 4, b""), payload(None, "ID_TAKEN", "INVALID", None))
    assert (tally.acknowledged, tally.already_taken, tally.failed) == (2, 1, 1)
    assert tally.answered == 4
    assert tally.item_errors == ["task 502: title: why (INVALID)"]


def test_only_the_first_errors_are_kept() -> None:
    tally = Tally()
    tally.answer(Batch(0, 100, b""), payload(*["INVALID"] * 100))
    assert tally.failed == 100
    assert [e.split(":")[0] for e in tally.item_errors] == [f"task {i}" for i in range(10)]
    assert len(tally.item_errors) == MAX_REPORTED


def test_the_clock_stops_when_it_ends() -> None:
    tally = Tally()
    tally.begin(3)
    tally.end()
    assert tally.seconds == pytest.approx(0, abs=1)
    assert tally.seconds == tally.seconds
