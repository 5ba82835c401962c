"""The last events of the feed, from which all subscribers of the process read."""

from collections import deque

from cache.feed.events import FeedEvent, Rev
from cache.feed.turns import Turns, Waiters

# How far back a subscriber can resume, and how far a slow subscriber may fall behind.
MAX_EVENTS = 1000
MAX_BYTES = 8 * 2**20
# What an event takes in addition to its task.
_EVENT_BYTES = 300


class EventLog:
    """Keeps the last events, bounded in number and in bytes.

    The position of an event is the number of events that were ever added before it. A RESYNC removes the events before
    it, because clients fetch everything again anyway.
    """

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._waiters = Waiters(turns)
        self._events: deque[FeedEvent] = deque()
        self._bytes = 0
        # The position of the next event.
        self.end = 0

    def add(self, event: FeedEvent) -> None:
        """Add an event, and let the subscribers that wait for one continue in turns."""
        if event.kind == "RESYNC":
            self._events.clear()
            self._bytes = 0
        self._events.append(event)
        self._bytes += _size(event)
        self.end += 1
        while len(self._events) > MAX_EVENTS or (self._bytes > MAX_BYTES and len(self._events) > 1):
            self._bytes -= _size(self._events.popleft())
        self._waiters.wake()

    def position_after(self, after: Rev, last: Rev) -> int | None:
        """Return the position of the event that follows `after`, or None if that event was removed.

        last: the rev of the last event. The number of a rev rises by one with each event, except at a RESYNC.
        """
        missed = last.number - after.number
        kept = len(self._events) - self._starts_with_resync()
        return self.end - missed if 0 <= missed <= kept else None

    async def wait(self, position: int) -> None:
        """Wait until the event at a position has been added, and for a turn in any case."""
        await (self._turns.turn() if position < self.end else self._waiters.wait())

    def first_from(self, position: int) -> tuple[FeedEvent, int] | None:
        """Return the event at a position, and the next position. Returns None if the event was removed.

        In place of an event that a RESYNC removed, this returns the RESYNC.
        """
        start = self.end - len(self._events)
        if position < start:
            if not self._starts_with_resync():
                return None
            position = start
        return self._events[position - start], position + 1

    def _starts_with_resync(self) -> bool:
        return bool(self._events) and self._events[0].kind == "RESYNC"


def _size(event: FeedEvent) -> int:
    return _EVENT_BYTES + (0 if event.task is None else len(event.task.head) + len(event.task.json))
