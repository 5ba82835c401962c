"""Tests the counts, durations and sizes of requests, and the files in which workers share them."""

import os
import time
from tempfile import TemporaryFile

from api.metrics.exposition import families
from api.metrics.requests import MAX_NAMES, RequestMetrics
from api.metrics.snapshot import Snapshot, SnapshotFiles
from cache.metrics import StoreMetrics
from cache.usage.request_uses import OTHER, UNNAMED
from db.usage import DURATION_BOUNDS

GAUGES = dict.fromkeys(
    (
        *(
            "ready",
            "degraded",
            "redis_full",
            "workspaces_open",
            "workspaces_degraded",
            "page_cache_bytes",
            "streams",
            "subscriptions",
        ),
        *("requests_in_flight", "searches_in_flight", "deep_pages_in_flight", "writes_in_flight"),
    ),
    1.0,
)


def snapshot(requests: RequestMetrics, *, age_seconds: float = 0.0, **gauges: float) -> Snapshot:
    return Snapshot(os.getpid(), time.monotonic() - age_seconds, GAUGES | gauges, StoreMetrics(hits=2), requests)


def samples(*snapshots: Snapshot | None) -> dict[tuple[str, ...], float]:
    found = [sample for family in families(snapshots) for sample in family.samples]
    return {(sample.name, *sample.labels.values()): sample.value for sample in found}


def test_bounds_belong_to_their_buckets() -> None:
    requests = RequestMetrics()
    for seconds in (0.0, 0.001, 0.0011, 10.0, 11.0):
        requests.observe("Tasks", "OK", seconds, 0, 0)
    found = samples(snapshot(requests))
    buckets = {name[1:]: value for name, value in found.items() if name[0] == "millitask_request_seconds_bucket"}
    assert (buckets["Tasks", "0.001"], buckets["Tasks", "0.0025"]) == (2, 3)
    assert (buckets["Tasks", "10.0"], buckets["Tasks", "+Inf"]) == (4, 5)
    assert found["millitask_request_seconds_count", "Tasks"] == 5
    assert len(buckets) == len(DURATION_BOUNDS) + 1


def test_names_of_operations_are_bounded() -> None:
    requests = RequestMetrics()
    for number in range(2 * MAX_NAMES):
        requests.observe(f"Name{number}", "OK", 0.0, 0, 0)
    requests.observe(None, "OK", 0.0, 0, 0)
    assert len(requests.operations) == MAX_NAMES + 2
    assert requests.operations[OTHER].outcomes["OK"] == MAX_NAMES
    assert requests.operations[UNNAMED].outcomes["OK"] == 1
    requests = RequestMetrics()
    requests.observe("x" * 100_000, "OK", 0.0, 0, 0)
    assert list(requests.operations) == [OTHER]


def test_workers_are_added_up() -> None:
    one, two = RequestMetrics(), RequestMetrics()
    one.observe("Tasks", "OK", 0.5, 100, 1000)
    two.observe("Tasks", "OK", 0.5, 100, 1000)
    two.observe("Tasks", "BUSY", 0.5, 100, 1000)
    found = samples(snapshot(one, ready=0.0), snapshot(two, age_seconds=60.0, streams=7.0), None)
    assert found["millitask_requests_total", "Tasks", "OK"] == 2
    assert found["millitask_requests_total", "Tasks", "BUSY"] == 1
    assert found["millitask_request_bytes_sum",] == 300
    assert found["millitask_hits_total",] == 4
    # The second worker is silent: its counters stay, its gauges do not.
    assert (found["millitask_workers",], found["millitask_ready",], found["millitask_streams",]) == (1, 0, 1)
    assert ("process_resident_memory_bytes", "2") not in found
    assert one.operations["Tasks"].outcomes == {"OK": 1}


def test_snapshots_are_shared_through_files() -> None:
    with TemporaryFile() as first, TemporaryFile() as second:
        descriptors = [first.fileno(), second.fileno()]
        files, others = SnapshotFiles(descriptors, 0), SnapshotFiles(descriptors, 1)
        assert files.read_all() == [None, None]
        requests = RequestMetrics()
        requests.observe("Long" * 10, "OK", 0.5, 100, 1000)
        files.write(long := snapshot(requests))
        assert others.read_all() == [long, None]
        files.write(short := snapshot(RequestMetrics()))
        assert others.read_all() == [short, None]
        assert SnapshotFiles(descriptors, 0).read_own() == short
        # A write that is under way: the reader keeps what it has read before.
        os.pwrite(first.fileno(), b"\xff" * 20, 10)
        assert others.read_all() == [short, None]


def test_degraded_workspaces_of_a_primary_are_those_of_the_worker_with_the_most() -> None:
    first, second = snapshot(RequestMetrics()), snapshot(RequestMetrics())
    first.degraded_by_primary, second.degraded_by_primary = {"a:1": 0, "b:2": 1}, {"b:2": 3}
    found = samples(first, second)
    assert found["millitask_redis_primary_degraded", "a:1"] == 0
    assert found["millitask_redis_primary_degraded", "b:2"] == 3
