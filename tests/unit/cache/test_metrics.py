"""Counters of the process and of a request."""

import asyncio

from cache.metrics import StoreMetrics, separate_counters


def test_counts_reach_the_process_and_the_trace() -> None:
    metrics = StoreMetrics()
    metrics.count_query()
    with separate_counters() as trace:
        metrics.count_query()
        metrics.count_round_trip()
        metrics.count_entries(3, 2)
    metrics.count_entries(1, 1)
    assert trace == StoreMetrics(hits=3, misses=2, sql_queries=1, redis_round_trips=1)
    assert metrics == StoreMetrics(hits=4, misses=3, sql_queries=2, redis_round_trips=1)


async def test_trace_counts_only_its_own_tasks() -> None:
    metrics = StoreMetrics()

    async def query(count: int) -> StoreMetrics:
        with separate_counters() as trace:
            for _ in range(count):
                await asyncio.sleep(0)
                await asyncio.create_task(count_query())
        return trace

    async def count_query() -> None:
        metrics.count_query()

    traces = await asyncio.gather(*map(query, (1, 2, 3)))
    assert [trace.sql_queries for trace in traces] == [1, 2, 3]
    assert metrics.sql_queries == 6


def test_outer_trace_continues_after_an_inner_one() -> None:
    metrics = StoreMetrics()
    with separate_counters() as outer:
        with separate_counters() as inner:
            metrics.count_query()
        metrics.count_query()
    assert (outer.sql_queries, inner.sql_queries) == (2, 1)
