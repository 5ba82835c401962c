"""Tests which causes of misses are inferred from what a process remembers."""

import pytest

from cache.usage.entry_memory import EntryMemory
from cache.usage.usage import Usage


class Clock:
    """The minutes that `EntryMemory` sees."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.minute = 70_000
        monkeypatch.setattr("time.monotonic", lambda: self.minute * 60.0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_causes_of_misses_follow_from_what_is_remembered(clock: Clock) -> None:
    memory, task = EntryMemory(1000), [b"a task" * 2]
    assert memory.missing(task, epoch=1) == {"never_cached": 1}
    clock.minute += 55
    assert memory.missing(task, epoch=1) == {"expired": 1}
    clock.minute += 10
    # Nothing was evicted. Another process may have filled it long before.
    assert memory.missing(task, epoch=1) == {"expired": 1}
    clock.minute += 10
    memory.record_evictions()
    clock.minute += 1
    assert memory.missing(task, epoch=1) == {"evicted": 1}
    # The eviction was before the last fill.
    clock.minute += 1
    assert memory.missing(task, epoch=1) == {"expired": 1}
    assert memory.missing(task, epoch=2) == {"never_cached": 1}


def test_task_that_was_seen_in_redis_is_remembered_from_then_on(clock: Clock) -> None:
    memory, task = EntryMemory(1000), [b"a task" * 2]
    memory.remember(task, epoch=1)
    clock.minute += 30
    memory.remember(task, epoch=1)
    memory.record_evictions()
    clock.minute += 25
    # First seen 55 minutes ago.
    assert memory.missing(task, epoch=1) == {"expired": 1}


def test_misses_under_a_write_are_changed() -> None:
    counts = Usage().of("default")
    counts.count_misses([b"a", b"b", b"c"], {b"b"}, 1)
    assert counts.causes == {"changed": 1, "never_cached": 2}
    assert counts.counters["misses"] == 3
