"""A dear query that is shared: never with an answer from before somebody asked."""

import asyncio
import random
from contextlib import suppress

from cache.coalesce import CoalescedCall
from cache.store import Store
from db.errors import DatabaseUnavailable
from tests.support.store_factories import create_uncached_tasks


class Query:
    """Answers with the number of its run, once it may."""

    def __init__(self) -> None:
        self.began = 0
        self.may_end = asyncio.Semaphore(0)
        self.error: Exception | None = None
        self.running = 0

    async def __call__(self) -> int:
        self.began += 1
        self.running += 1
        assert self.running == 1, "two at once"
        number = self.began
        try:
            await self.may_end.acquire()
        finally:
            self.running -= 1
        if self.error is not None:
            raise self.error
        return number


async def asked(shared: CoalescedCall[int], count: int) -> list[asyncio.Task[int]]:
    """So many who have asked."""

    async def ask() -> int:
        return await shared()

    asking = [asyncio.create_task(ask()) for _ in range(count)]
    for _ in range(5):
        await asyncio.sleep(0)
    return asking


async def test_those_who_ask_at_once_share_one_run() -> None:
    query = Query()
    asking = await asked(CoalescedCall(query), 10)
    query.may_end.release()
    assert await asyncio.gather(*asking) == [1] * 10


async def test_who_asks_while_it_runs_gets_the_next() -> None:
    count, query = 5, Query()
    shared = CoalescedCall(query)
    first = await asked(shared, count)
    assert query.began == 1
    second = await asked(shared, count)
    assert query.began == 1
    query.may_end.release()
    assert await asyncio.gather(*first) == [1] * count
    third = await asked(shared, count)  # the second runs by now
    assert query.began == 2
    query.may_end.release()
    assert await asyncio.gather(*second) == [2] * count
    query.may_end.release()
    assert await asyncio.gather(*third) == [3] * count
    assert query.began == 3


async def test_who_asks_after_it_has_ended_gets_a_new_one() -> None:
    query = Query()
    shared = CoalescedCall(query)
    for number in (1, 2, 3):
        query.may_end.release()
        assert await shared() == number


async def test_nobody_gets_an_answer_from_before_it_asked() -> None:
    """At any moment: `now` is when the run began, and each notes it when it asks."""
    now, chance = 0, random.Random(1)

    async def run() -> int:
        began = now
        for _ in range(chance.randrange(5)):
            await asyncio.sleep(0)
        return began

    shared = CoalescedCall(run)

    async def ask() -> None:
        nonlocal now
        for _ in range(100):
            for _ in range(chance.randrange(7)):
                await asyncio.sleep(0)
            now += 1
            at = now
            asking = asyncio.create_task(asyncio.wait_for(shared(), None))
            if chance.random() < 0.2:
                await asyncio.sleep(0)
                asking.cancel()
                with suppress(asyncio.CancelledError):
                    await asking
            else:
                assert await asking >= at

    await asyncio.gather(*(ask() for _ in range(20)))


async def test_an_error_reaches_all_who_share_it_and_nobody_else() -> None:
    query = Query()
    shared = CoalescedCall(query)
    query.error = DatabaseUnavailable()
    first = await asked(shared, 5)
    second = await asked(shared, 5)
    query.may_end.release()
    answers = await asyncio.gather(*first, return_exceptions=True)
    assert answers == [query.error] * 5
    query.error = None
    query.may_end.release()
    assert await asyncio.gather(*second) == [2] * 5


async def test_one_who_goes_away_takes_the_answer_from_nobody() -> None:
    query = Query()
    shared = CoalescedCall(query)
    first = await asked(shared, 5)
    second = await asked(shared, 5)
    for asking in (first[0], second[0]):  # the ones who began the runs
        asking.cancel()
    await asyncio.gather(first[0], second[0], return_exceptions=True)
    assert first[0].cancelled()
    assert second[0].cancelled()
    query.may_end.release()
    assert await asyncio.gather(*first[1:]) == [1] * 4
    query.may_end.release()
    assert await asyncio.gather(*second[1:]) == [2] * 4


async def test_when_all_have_gone_away_the_next_is_answered_all_the_same() -> None:
    query = Query()
    shared = CoalescedCall(query)
    gone = await asked(shared, 3)
    query.error = DatabaseUnavailable()
    for asking in gone:
        asking.cancel()
    await asyncio.wait(gone)
    query.may_end.release()
    for _ in range(5):
        await asyncio.sleep(0)
    query.error = None
    query.may_end.release()
    assert await shared() == 2


async def test_totals_are_counted_once_for_all_who_ask_at_once(store: Store) -> None:
    await create_uncached_tasks(store, 7)
    before = store.metrics.sql_queries
    assert await asyncio.gather(*(store.totals.count(None) for _ in range(20))) == [7] * 20
    assert store.metrics.sql_queries - before == 1
    assert list(await asyncio.gather(store.totals.count("TODO"), store.totals.count("DONE"))) == [7, 0]
    assert store.metrics.sql_queries - before == 3
