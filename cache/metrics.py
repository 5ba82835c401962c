"""Counters of the store, for the whole process and for the current request."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields


@dataclass
class StoreMetrics:
    """Counters that only increase, the last rebuild, and the last warm start.

    rebuilt_at, warm_began_at: seconds since 1970. warm_wanted: the tasks that the warm start was to load. warm_done:
    how many of these it is done with.
    """

    hits: int = 0
    misses: int = 0
    row_queries: int = 0
    sql_queries: int = 0
    redis_round_trips: int = 0
    degraded_reads: int = 0
    page_hits: int = 0
    page_misses: int = 0
    publishes_lost: int = 0
    closings: int = 0
    server_changes: int = 0
    scrubbed: int = 0
    verified: int = 0
    differences: int = 0
    purged: int = 0
    rate_limited: int = 0
    usage_dropped: int = 0
    rebuilds: int = 0
    drops: int = 0
    warmed: int = 0
    warm_starts: int = 0
    rebuild_seconds: float = 0.0
    rebuilt_at: float = 0.0
    warm_wanted: float = 0.0
    warm_done: float = 0.0
    warm_seconds: float = 0.0
    warm_began_at: float = 0.0

    def continue_from(self, before: "StoreMetrics") -> None:
        """Take over the values of the process whose place this one takes."""
        for field in fields(self):
            setattr(self, field.name, getattr(before, field.name))

    def count_query(self) -> None:
        """Count one SQL statement."""
        self.sql_queries += 1
        if (trace := _trace.get()) is not None:
            trace.sql_queries += 1

    def count_round_trip(self) -> None:
        """Count one round trip to Redis."""
        self.redis_round_trips += 1
        if (trace := _trace.get()) is not None:
            trace.redis_round_trips += 1

    def count_drops(self, number: int) -> None:
        """Count indexes that were dropped because no process used them."""
        self.drops += number

    def count_entries(self, hits: int, misses: int) -> None:
        """Count the entries that a read found and missed."""
        self.hits += hits
        self.misses += misses
        if (trace := _trace.get()) is not None:
            trace.hits += hits
            trace.misses += misses


_trace: ContextVar[StoreMetrics | None] = ContextVar("trace", default=None)


@contextmanager
def separate_counters() -> Iterator[StoreMetrics]:
    """Yield separate counters for the current asyncio task, and the tasks that it starts, inside the block.

    At the end, an enclosing block counts them too.
    """
    outer = _trace.get()
    token = _trace.set(trace := StoreMetrics())
    try:
        yield trace
    finally:
        _trace.reset(token)
        if outer is not None:
            for name in ("hits", "misses", "sql_queries", "redis_round_trips"):
                setattr(outer, name, getattr(outer, name) + getattr(trace, name))
