"""Tests the shares of the connection pool: their permits, their queues and their sizes."""

import asyncio

import pytest

from db.errors import ShareBusy
from db.shares import Share, Shares

LONG_SECONDS = 60.0


async def test_permits_and_queue_are_bounded() -> None:
    share = Share("searches", connections=2, in_flight=3, wait_seconds=LONG_SECONDS)
    running, order = 0, []

    async def work(number: int) -> None:
        nonlocal running
        async with share.permit("default"):
            running += 1
            assert running <= 2
            await asyncio.sleep(0)
            order.append(number)
            running -= 1

    results = await asyncio.gather(*(work(number) for number in range(5)), return_exceptions=True)
    assert order == [0, 1, 2]
    assert [type(result) for result in results] == [type(None)] * 3 + [ShareBusy] * 2
    assert str(results[-1]) == ("The worker has reached its limit of 3 searches that run or wait. Try again.")
    await work(5)
    assert share.in_flight == 0


async def test_work_that_waits_too_long_is_refused() -> None:
    share = Share("deep_pages", connections=1, in_flight=2, wait_seconds=0.01)
    async with share.permit("default"):
        with pytest.raises(ShareBusy, match="limit of 2 deep pages"):
            await share.permit("default").__aenter__()
        assert share.in_flight == 1
    async with share.permit("default"):
        assert share.in_flight == 1


async def test_cancelled_work_leaves_the_queue() -> None:
    share = Share("writes", connections=1, in_flight=2, wait_seconds=LONG_SECONDS)
    async with share.permit("default"):
        waiting = asyncio.create_task(share.permit("default").__aenter__())
        await asyncio.sleep(0)
        assert share.in_flight == 2
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert share.in_flight == 1
    async with share.permit("default"):
        assert share.in_flight == 1


async def test_work_that_fails_returns_its_permit() -> None:
    share = Share("writes", connections=1, in_flight=1, wait_seconds=LONG_SECONDS)
    with pytest.raises(ValueError, match="failed"):
        async with share.permit("default"):
            raise ValueError("failed")
    async with share.permit("default"):
        assert share.in_flight == 1


@pytest.mark.parametrize("connections", [*range(6, 40), 1000])
def test_shares_leave_a_connection_and_a_slot(connections: int) -> None:
    shares = Shares(connections, 64, LONG_SECONDS)
    limited = (shares.searches, shares.deep_pages, shares.writes)
    assert sum(share._permits.free for share in limited) + shares.counts._value < connections
    assert [share.limit for share in limited] == [16, 8, 32]


def test_smallest_pool_has_a_permit_for_every_class() -> None:
    shares = Shares(1, 1, LONG_SECONDS)
    assert [share.limit for share in (shares.searches, shares.deep_pages, shares.writes)] == [1, 1, 1]
