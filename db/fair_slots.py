"""Slots and permits that workspaces share fairly: none can keep others out."""

import asyncio
from collections import deque


class FairSlots:
    """Counts what runs or waits for each workspace, and refuses what exceeds the limit.

    One workspace alone may take all slots. When they are taken, a workspace that has fewer than its part gets one more:
    the limit divided by the number of workspaces that have slots. So more than the limit may run: with two workspaces,
    up to half as many more.
    """

    __slots__ = ("_taken", "in_flight", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.in_flight = 0
        self._taken: dict[str, int] = {}

    def enter(self, workspace: str) -> bool:
        """Take a slot, or return False if none is free. Call `leave` at the end."""
        taken = self._taken
        mine = taken.get(workspace, 0)
        if self.in_flight >= self.limit and mine >= max(1, self.limit // (len(taken) + (mine == 0))):
            return False
        taken[workspace] = mine + 1
        self.in_flight += 1
        return True

    def leave(self, workspace: str) -> None:
        """Give a slot back."""
        self.in_flight -= 1
        if left := self._taken[workspace] - 1:
            self._taken[workspace] = left
        else:
            del self._taken[workspace]


class FairPermits:
    """A semaphore whose permits go to the workspaces in turn, whichever of them has more waiters."""

    def __init__(self, permits: int) -> None:
        self.free = permits
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    def try_acquire(self) -> bool:
        """Take a permit if one is free. Then no one waits."""
        if self.free:
            self.free -= 1
            return True
        return False

    async def acquire(self, workspace: str) -> None:
        """Take a permit, in the turn of the workspace."""
        if self.try_acquire():
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(workspace, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the permit came at the same time
                self.release()
            raise

    def release(self) -> None:
        """Give a permit to the next waiter."""
        while self._waiting:
            workspace = next(iter(self._waiting))
            waiters = self._waiting.pop(workspace)
            turn = waiters.popleft()
            if waiters:
                self._waiting[workspace] = waiters  # at the end
            if not turn.done():
                turn.set_result(None)
                return
        self.free += 1
