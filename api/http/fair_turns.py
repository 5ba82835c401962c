"""Turns of workspaces: how many requests of each run at once while several workspaces are busy."""

import asyncio
import time
from collections import deque

# How long after the last request of another workspace requests still take turns.
RECENT_SECONDS = 1.0
# A request runs after this time in any case: the requests before it may wait for a lock in PostgreSQL.
LONGEST_WAIT_SECONDS = 0.25


class FairTurns:
    """Lets a few requests of each workspace run at once, while several workspaces are busy.

    Otherwise a request would wait for all requests that another workspace has sent before, because a worker has one
    thread. One workspace alone waits for nothing. at_once: how many requests of a workspace run.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._running: dict[str, int] = {}
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._last = ""
        self._changed_at = -RECENT_SECONDS

    def must_wait(self, workspace: str) -> bool:
        """Return whether a request must wait: as many of its workspace run, and another workspace was busy recently."""
        now = time.monotonic()
        if workspace != self._last:
            if self._last:
                self._changed_at = now
            self._last = workspace
        return now - self._changed_at < RECENT_SECONDS and self._running.get(workspace, 0) >= self._at_once

    async def wait(self, workspace: str) -> None:
        """Wait until a request of the workspace has ended, and the earlier waiters run."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        waiting = self._waiting.setdefault(workspace, deque())
        waiting.append(turn)
        timer = loop.call_later(LONGEST_WAIT_SECONDS, _complete, turn)
        try:
            await turn
        finally:
            timer.cancel()

    def begin(self, workspace: str) -> None:
        """Count a request that runs. Call `end` when it has ended."""
        self._running[workspace] = self._running.get(workspace, 0) + 1

    def end(self, workspace: str) -> None:
        """Let the next request of the workspace run."""
        if left := self._running[workspace] - 1:
            self._running[workspace] = left
        else:
            del self._running[workspace]
        waiting = self._waiting.get(workspace)
        while waiting:
            turn = waiting.popleft()
            if not turn.done():  # neither cancelled nor tired of waiting
                turn.set_result(None)
                return
        if waiting is not None:
            del self._waiting[workspace]


def _complete(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)
