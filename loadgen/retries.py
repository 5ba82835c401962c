"""Retries with exponential backoff, and the decision to give up."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from loadgen.errors import RateLimited, RetriesExhausted, ServiceUnavailable

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 5.0

_T = TypeVar("_T")


class RetryPolicy:
    """Retries requests until no request has succeeded for `max_wait` seconds. A rate limit is waited for in any case.

    All concurrent requests share one policy: each success restarts the maximum wait for all of them.
    on_retry: called with the reason before each wait.
    """

    def __init__(self, max_wait: float, on_retry: Callable[[str], None]) -> None:
        self._max_wait = max_wait
        self._on_retry = on_retry
        self._last_success = time.monotonic()

    async def call(self, request: Callable[[], Awaitable[_T]]) -> _T:
        """Call `request` until it no longer raises ServiceUnavailable, and return its result.

        Raises RetriesExhausted after the maximum wait.
        """
        failures = 0
        while True:
            try:
                result = await request()
            except RateLimited as error:
                # The service answers, so the maximum wait begins after this one.
                self._on_retry(str(error))
                await asyncio.sleep(backoff_seconds(0, error.retry_after))
                self._last_success = time.monotonic()
            except ServiceUnavailable as error:
                self._on_retry(str(error))
                await self._wait(backoff_seconds(failures, error.retry_after), error)
                failures += 1
            else:
                self._last_success = time.monotonic()
                return result

    async def _wait(self, seconds: float, error: ServiceUnavailable) -> None:
        """Sleep, and raise RetriesExhausted as soon as the maximum wait is over.

        Another request may succeed during the sleep and restart the maximum wait.
        """
        until = time.monotonic() + seconds
        while (now := time.monotonic()) < until:
            left = self._last_success + self._max_wait - now
            if left <= 0:
                raise RetriesExhausted(
                    f"no request succeeded for {self._max_wait:g} s (last error: {error})"
                ) from error
            await asyncio.sleep(min(until - now, left))


def backoff_seconds(failures: int, retry_after: float | None) -> float:
    """Return the seconds to wait before the next try, after `failures` earlier failed tries.

    The wait doubles from FIRST_WAIT_SECONDS to LONGEST_WAIT_SECONDS and is never shorter than the service
    asked for. Half of the wait is random, so that requests that failed together are not retried together.
    """
    wait = min(FIRST_WAIT_SECONDS * 2.0 ** min(failures, 16), LONGEST_WAIT_SECONDS)
    jitter = random.uniform(0.0, wait / 2)  # noqa: S311 - jitter, not a secret
    return max(wait / 2, retry_after or 0.0) + jitter
