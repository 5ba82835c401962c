import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from loadgen.errors import GaveUp, Refused, Unavailable
from loadgen.patience import FIRST_WAIT, LONGEST_WAIT, Patience, wait_after


def failing(times: int, error: Exception) -> Callable[[], Awaitable[str]]:
    left = times

    async def request() -> str:
        nonlocal left
        left -= 1
        if left >= 0:
            raise error
        return "done"

    return request


def test_waits_double_up_to_a_bound_and_differ() -> None:
    for tries in (0, 1, 2, 3, 10, 10_000):
        longest = min(FIRST_WAIT * 2 ** min(tries, 20), LONGEST_WAIT)
        waits = [wait_after(tries, None) for _ in range(200)]
        assert longest / 2 <= min(waits) < max(waits) <= longest


def test_never_sooner_than_the_service_asked_for() -> None:
    assert all(3 <= wait_after(0, 3) <= 3 + FIRST_WAIT for _ in range(200))


@pytest.mark.usefixtures("short_waits")
async def test_persists_until_it_succeeds_and_counts_each_retry() -> None:
    reasons: list[str] = []
    patience = Patience(5, reasons.append)
    assert await patience.persist(failing(4, Unavailable("away"))) == "done"
    assert reasons == ["away"] * 4


async def test_a_refusal_is_not_tried_again() -> None:
    reasons: list[str] = []
    with pytest.raises(Refused):
        await Patience(5, reasons.append).persist(failing(1, Refused("no")))
    assert reasons == []


@pytest.mark.parametrize("retry_after", [None, 60])
async def test_gives_up_after_max_wait_without_success(retry_after: float | None) -> None:
    started = time.monotonic()
    with pytest.raises(GaveUp, match=r"no success for 0\.3 s; last: away"):
        await Patience(0.3, lambda _: None).persist(failing(999, Unavailable("away", retry_after)))
    assert 0.3 <= time.monotonic() - started < 2


async def test_the_success_of_another_renews_patience() -> None:
    patience = Patience(0.3, lambda _: None)
    waiting = patience.persist(failing(1, Unavailable("away", 0.8)))

    async def others() -> None:
        for _ in range(10):
            await asyncio.sleep(0.1)
            await patience.persist(failing(0, Unavailable("never")))

    answer, _ = await asyncio.gather(waiting, others())
    assert answer == "done"
