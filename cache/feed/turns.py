"""Turns: how many waiters continue in one iteration of the event loop."""

import asyncio
import time
from collections import deque
from collections.abc import Iterable

# How many waiters continue in one iteration at most.
_MOST = 32
# The CPU time that an iteration should take. The number of waiters that continue adapts to it.
_TARGET_SECONDS = 0.004


class Turns:
    """Lets waiters continue in their order, a few in each iteration of the event loop.

    An event wakes up thousands of subscribers. If all of them continued in one iteration, every request would wait for
    all of them.
    """

    def __init__(self, first: int = 8) -> None:
        """`first` is how many waiters continue in the first iteration, before their CPU time is known."""
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._first = self._number = first
        # The CPU time of the thread at the last release; None while no release is scheduled.
        self._released_at: float | None = None

    async def turn(self) -> None:
        """Wait for a turn of this caller."""
        turn = asyncio.get_running_loop().create_future()
        self.add([turn])
        await turn

    def add(self, turns: Iterable[asyncio.Future[None]]) -> None:
        """Complete these futures, each in its turn."""
        self._waiting.extend(turns)
        if self._waiting and self._released_at is None:
            self._number = self._first
            self._schedule()

    def _schedule(self) -> None:
        self._released_at = time.thread_time()
        asyncio.get_running_loop().call_soon(self._release)

    def _release(self) -> None:
        """Complete the first futures. Their waiters run before the next release."""
        assert self._released_at is not None
        seconds = time.thread_time() - self._released_at
        if seconds > _TARGET_SECONDS:
            self._number = max(1, self._number // 2)
        elif seconds < _TARGET_SECONDS / 2:
            self._number = min(_MOST, self._number * 2)
        released = 0
        while self._waiting and released < self._number:
            turn = self._waiting.popleft()
            if not turn.done():  # it was cancelled
                turn.set_result(None)
                released += 1
        if self._waiting:
            self._schedule()
        else:
            self._released_at = None


class Waiters:
    """Waiters for one event, which then continue in turns."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._waiting: dict[asyncio.Future[None], None] = {}

    async def wait(self) -> None:
        """Wait until `wake` is called, and then for a turn."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting[waiting] = None
        try:
            await waiting
        finally:
            self._waiting.pop(waiting, None)

    def wake(self) -> None:
        """Let all waiters continue in turns."""
        waiting, self._waiting = self._waiting, {}
        self._turns.add(waiting)
