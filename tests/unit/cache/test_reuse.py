"""Tests the sample of reuse distances, and the miss-ratio curve from it, against simulated LRU caches."""

import random
from collections import Counter, OrderedDict
from collections.abc import Iterable

import pytest

from benchmarks.zipf import ZipfWorkload
from cache.usage.reuse import MAX_SAMPLES, NEW, ReuseSampler, miss_ratio, next_start, range_start, tasks_for


def lru_miss_ratio(ids: Iterable[bytes], size: int) -> float:
    cache: OrderedDict[bytes, None] = OrderedDict()
    misses = total = 0
    for id_ in ids:
        total += 1
        if id_ in cache:
            cache.move_to_end(id_)
            continue
        misses += 1
        cache[id_] = None
        if len(cache) > size:
            cache.popitem(last=False)
    return misses / total


def observed(ids: list[bytes], sampler: ReuseSampler) -> Counter[str]:
    counts: Counter[str] = Counter()
    for start in range(0, len(ids), 50):
        sampler.observe(ids[start : start + 50])
        if start % 5000 == 0:
            counts.update(sampler.take())  # in parts, as it is stored
    counts.update(sampler.take())
    return counts


def test_curve_of_all_requests_is_that_of_an_lru_cache() -> None:
    ids = list(ZipfWorkload(2000, 0.8).requests(20_000))
    counts = observed(ids, ReuseSampler(smallest_divisor=1))
    assert sum(counts.values()) == 20_000
    for size in (10, 100, 1000):
        assert miss_ratio(counts, size) == pytest.approx(lru_miss_ratio(ids, size), abs=0.01)


@pytest.mark.parametrize("exponent", [0.8, 1.0])
def test_curve_of_a_sample_is_within_3_points_at_three_sizes(exponent: float) -> None:
    ids = list(ZipfWorkload(40_000, exponent).requests(200_000))
    # Fewer samples than there are tasks, so the threshold is lowered.
    sampler = ReuseSampler(smallest_divisor=2)
    counts = observed(ids, sampler)
    assert len(sampler) <= MAX_SAMPLES
    for size in (5000, 10_000, 20_000):
        assert miss_ratio(counts, size) == pytest.approx(lru_miss_ratio(ids, size), abs=0.03)


@pytest.mark.parametrize(("start", "end"), [(b"", bytes(8)), (b"", b"\xff" * 8), (b"task-00:", b"")])
def test_ids_may_have_equal_bytes_at_an_end(start: bytes, end: bytes) -> None:
    random_bytes = slice(16 - len(start + end))
    ids = [start + id_[random_bytes] + end for id_ in ZipfWorkload(40_000).requests(200_000)]
    assert all(len(id_) == 16 for id_ in ids)
    counts = observed(ids, ReuseSampler(smallest_divisor=2))
    for size in (5000, 20_000):
        assert miss_ratio(counts, size) == pytest.approx(lru_miss_ratio(ids, size), abs=0.03)


def test_no_more_tasks_than_allowed_are_sampled() -> None:
    sampler = ReuseSampler(max_samples=100, smallest_divisor=1)
    chance = random.Random(5)
    for _ in range(200):
        sampler.observe([chance.randbytes(16) for _ in range(50)])
        assert len(sampler) <= 100
    counts = sampler.take()
    # All are new, and the sample stands for all of them.
    assert counts[NEW] == pytest.approx(10_000, rel=0.2)
    assert sum(counts.values()) == 10_000


def test_task_that_was_not_requested_for_an_hour_is_new_again() -> None:
    sampler, ids = ReuseSampler(smallest_divisor=1), [b"a", b"b"]
    for now in (0.0, 1800.0):
        sampler.observe(ids)
        sampler.forget(now)
    sampler.take()
    sampler.observe(ids[:1])
    assert NEW not in sampler.take()
    for now in (3601.0, 5500.0, 7300.0):
        sampler.forget(now)
    assert len(sampler) == 0
    sampler.observe(ids)
    assert sampler.take()[NEW] == 2


def test_threshold_rises_again_when_few_tasks_are_left() -> None:
    sampler, chance = ReuseSampler(max_samples=64, smallest_divisor=1), random.Random(3)
    sampler.observe([chance.randbytes(16) for _ in range(5000)])
    for now in range(0, 50_000, 3700):
        sampler.forget(float(now))
    assert len(sampler) == 0
    sampler.observe([chance.randbytes(16) for _ in range(50)])
    assert len(sampler) == 50


def test_ranges_follow_each_other_without_a_gap() -> None:
    start = 0
    for distance in range(3000):
        if distance >= next_start(start):
            start = next_start(start)
        assert range_start(distance) == start


def test_size_for_a_hit_rate_is_found() -> None:
    counts = {NEW: 10, "0": 40, "7": 50}
    assert tasks_for(counts, 0.4) == 1
    assert tasks_for(counts, 0.9) == next_start(7)
    assert tasks_for(counts, 0.95) is None
    assert miss_ratio({}, 10) is None
