import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from loadgen.errors import RateLimited, RequestRejected, RetriesExhausted, ServiceUnavailable
from loadgen.retries import FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, RetryPolicy, backoff_seconds


def failing(times: int, error: Exception) -> Callable[[], Awaitable[str]]:
    left = times

    async def request() -> str:
        nonlocal left
        left -= 1
        if left >= 0:
            raise error
        return "done"

    return request


def test_backoff_doubles_up_to_the_maximum_with_jitter() -> None:
    for failures in (0, 1, 2, 3, 10, 10_000):
        longest = min(FIRST_WAIT_SECONDS * 2 ** min(failures, 20), LONGEST_WAIT_SECONDS)
        waits = [backoff_seconds(failures, None) for _ in range(200)]
        assert longest / 2 <= min(waits) < max(waits) <= longest


def test_backoff_is_at_least_retry_after() -> None:
    assert all(3 <= backoff_seconds(0, 3) <= 3 + FIRST_WAIT_SECONDS for _ in range(200))


@pytest.mark.usefixtures("short_backoff")
async def test_request_is_retried_until_it_succeeds() -> None:
    reasons: list[str] = []
    retries = RetryPolicy(5, reasons.append)
    assert await retries.call(failing(4, ServiceUnavailable("away"))) == "done"
    assert reasons == ["away"] * 4


async def test_rejected_request_is_not_retried() -> None:
    reasons: list[str] = []
    with pytest.raises(RequestRejected):
        await RetryPolicy(5, reasons.append).call(failing(1, RequestRejected("no")))
    assert reasons == []


@pytest.mark.parametrize("retry_after", [None, 60])
async def test_gives_up_after_the_maximum_wait_without_success(retry_after: float | None) -> None:
    started = time.monotonic()
    with pytest.raises(RetriesExhausted, match=r"no request succeeded for 0\.3 s \(last error: away\)"):
        await RetryPolicy(0.3, lambda _: None).call(failing(999, ServiceUnavailable("away", retry_after)))
    assert time.monotonic() - started >= 0.3


@pytest.mark.usefixtures("short_backoff")
async def test_rate_limit_is_waited_for_beyond_the_maximum_wait() -> None:
    reasons: list[str] = []
    retries = RetryPolicy(0.1, reasons.append)
    assert await retries.call(failing(3, RateLimited("limited", 0.15))) == "done"
    assert reasons == ["limited"] * 3


async def test_success_of_another_request_restarts_the_maximum_wait() -> None:
    retries = RetryPolicy(1, lambda _: None)
    waiting = retries.call(failing(1, ServiceUnavailable("away", 1.6)))

    async def others() -> None:
        for _ in range(18):
            await asyncio.sleep(0.1)
            await retries.call(failing(0, ServiceUnavailable("never")))

    answer, _ = await asyncio.gather(waiting, others())
    assert answer == "done"
