"""Turns of workspaces: which requests continue in one iteration of the event loop while several workspaces are busy."""

import asyncio
import time
from collections import deque

# How long after the last request of another workspace requests still take turns.
RECENT_SECONDS = 1.0
# How many requests continue in one iteration.
_EACH_TIME = 2


class FairTurns:
    """Lets requests continue a few at a time, with the workspaces in turn.

    Otherwise a request would wait for all requests that another workspace has sent before. While all requests are of
    one workspace, none waits.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._last = ""
        self._changed_at = -RECENT_SECONDS
        self._scheduled = False

    def must_wait(self, workspace: str) -> bool:
        """Return whether a request must wait for its turn, because other workspaces have sent requests recently."""
        now = time.monotonic()
        if workspace != self._last:
            if self._last:
                self._changed_at = now
            self._last = workspace
        return now - self._changed_at < RECENT_SECONDS

    async def turn(self, workspace: str) -> None:
        """Wait for the turn of a request."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(workspace, deque()).append(turn)
        self._schedule()
        await turn

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._release)

    def _release(self) -> None:
        self._scheduled = False
        released = 0
        while self._waiting and released < _EACH_TIME:
            workspace = next(iter(self._waiting))
            waiters = self._waiting.pop(workspace)
            turn = waiters.popleft()
            if waiters:
                self._waiting[workspace] = waiters  # behind the others
            if not turn.done():  # it was cancelled
                turn.set_result(None)
                released += 1
        if self._waiting:
            self._schedule()
