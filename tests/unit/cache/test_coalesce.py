"""Tests CoalescedCall: concurrent callers share a run, but no caller gets a run that started before its call."""

import asyncio
import random
from contextlib import suppress

from cache.coalesce import CoalescedCall


class Query:
    """A query that returns its run number once `may_end` is released. It fails if two runs overlap."""

    def __init__(self) -> None:
        self.runs = 0
        self.may_end = asyncio.Semaphore(0)
        self.error: Exception | None = None
        self._running = 0

    async def __call__(self) -> int:
        self.runs += 1
        self._running += 1
        assert self._running == 1, "two runs at once"
        number = self.runs
        try:
            await self.may_end.acquire()
        finally:
            self._running -= 1
        if self.error is not None:
            raise self.error
        return number


async def start_callers(shared: CoalescedCall[int], count: int) -> list[asyncio.Task[int]]:
    """Start concurrent callers and let each reach its call."""

    async def call() -> int:
        return await shared()

    callers = [asyncio.create_task(call()) for _ in range(count)]
    await let_tasks_run()
    return callers


async def let_tasks_run() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_concurrent_callers_share_one_run() -> None:
    query = Query()
    callers = await start_callers(CoalescedCall(query), 10)
    query.may_end.release()
    assert await asyncio.gather(*callers) == [1] * 10


async def test_caller_during_a_run_gets_the_next_run() -> None:
    count, query = 5, Query()
    shared = CoalescedCall(query)
    first = await start_callers(shared, count)
    assert query.runs == 1
    second = await start_callers(shared, count)
    assert query.runs == 1
    query.may_end.release()
    assert await asyncio.gather(*first) == [1] * count
    third = await start_callers(shared, count)  # the second run has started by now
    assert query.runs == 2
    query.may_end.release()
    assert await asyncio.gather(*second) == [2] * count
    query.may_end.release()
    assert await asyncio.gather(*third) == [3] * count
    assert query.runs == 3


async def test_caller_after_a_run_gets_a_new_run() -> None:
    query = Query()
    shared = CoalescedCall(query)
    for number in (1, 2, 3):
        query.may_end.release()
        assert await shared() == number


async def test_no_caller_gets_a_run_that_started_before_its_call() -> None:
    """Callers call and cancel at random. Each call advances the clock `now`, and a run returns its start time."""
    now, rng = 0, random.Random(1)

    async def run() -> int:
        started_at = now
        for _ in range(rng.randrange(5)):
            await asyncio.sleep(0)
        return started_at

    shared = CoalescedCall(run)

    async def call_repeatedly() -> None:
        nonlocal now
        for _ in range(100):
            for _ in range(rng.randrange(7)):
                await asyncio.sleep(0)
            now += 1
            called_at = now
            call = asyncio.create_task(asyncio.wait_for(shared(), None))
            if rng.random() < 0.2:
                await asyncio.sleep(0)
                call.cancel()
                with suppress(asyncio.CancelledError):
                    await call
            else:
                assert await call >= called_at

    await asyncio.gather(*(call_repeatedly() for _ in range(20)))


async def test_error_reaches_only_the_callers_of_its_run() -> None:
    query = Query()
    shared = CoalescedCall(query)
    query.error = RuntimeError("the query failed")
    first = await start_callers(shared, 5)
    second = await start_callers(shared, 5)
    query.may_end.release()
    assert await asyncio.gather(*first, return_exceptions=True) == [query.error] * 5
    query.error = None
    query.may_end.release()
    assert await asyncio.gather(*second) == [2] * 5


async def test_cancelled_caller_does_not_cancel_the_run_of_other_callers() -> None:
    query = Query()
    shared = CoalescedCall(query)
    first = await start_callers(shared, 5)
    second = await start_callers(shared, 5)
    for caller in (first[0], second[0]):  # the callers that started the runs
        caller.cancel()
    await asyncio.gather(first[0], second[0], return_exceptions=True)
    assert first[0].cancelled()
    assert second[0].cancelled()
    query.may_end.release()
    assert await asyncio.gather(*first[1:]) == [1] * 4
    query.may_end.release()
    assert await asyncio.gather(*second[1:]) == [2] * 4


async def test_later_caller_is_answered_after_all_callers_were_cancelled() -> None:
    query = Query()
    shared = CoalescedCall(query)
    callers = await start_callers(shared, 3)
    query.error = RuntimeError("the query failed")
    for caller in callers:
        caller.cancel()
    await asyncio.wait(callers)
    query.may_end.release()
    await let_tasks_run()
    query.error = None
    query.may_end.release()
    assert await shared() == 2
