"""Patience: how long to wait between two tries, and when to give up."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from loadgen.errors import GaveUp, Unavailable

FIRST_WAIT = 0.1
LONGEST_WAIT = 5.0

_T = TypeVar("_T")


class Patience:
    """Shared by all requests in flight: one that succeeds renews the patience of all.

    max_wait: seconds without any success after which persist() raises GaveUp.
    on_retry: called with the reason before each wait.
    """

    def __init__(self, max_wait: float, on_retry: Callable[[str], None]) -> None:
        self._max_wait = max_wait
        self._on_retry = on_retry
        self._last_success = time.monotonic()

    async def persist(self, request: Callable[[], Awaitable[_T]]) -> _T:
        """Call request until it does not raise Unavailable, and return what it returns."""
        tries = 0
        while True:
            try:
                answer = await request()
            except Unavailable as fault:
                self._on_retry(str(fault))
                await self._wait(wait_after(tries, fault.retry_after), fault)
                tries += 1
            else:
                self._last_success = time.monotonic()
                return answer

    async def _wait(self, seconds: float, fault: Unavailable) -> None:
        """Sleep, but no longer than patience lasts; others may renew it meanwhile."""
        until = time.monotonic() + seconds
        while (now := time.monotonic()) < until:
            left = self._last_success + self._max_wait - now
            if left <= 0:
                raise GaveUp(f"no success for {self._max_wait:g} s; last: {fault}") from fault
            await asyncio.sleep(min(until - now, left))


def wait_after(tries: int, retry_after: float | None) -> float:
    """The seconds to wait after a failure that tries others came before.

    Doubling from FIRST_WAIT to LONGEST_WAIT, and never less than the service asked for. Half of it
    is random, so that requests that failed together do not all come back together.
    """
    wait = min(FIRST_WAIT * 2.0 ** min(tries, 16), LONGEST_WAIT)
    jitter = random.uniform(0.0, wait / 2)  # noqa: S311 - jitter, not a secret
    return max(wait / 2, retry_after or 0.0) + jitter
