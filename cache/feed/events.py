"""What the scripts tell of a change, and a listener, who takes the changes one by one."""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from cache.redis import entry
from db.task import Task

EventKind = Literal["CREATED", "UPDATED", "DELETED", "RESTORED", "EXPIRED", "MANY", "RESYNC"]
KINDS: dict[bytes, EventKind] = {
    b"c": "CREATED",
    b"u": "UPDATED",
    b"d": "DELETED",
    b"r": "RESTORED",
    b"e": "EXPIRED",
    b"m": "MANY",
}
# Without a task, and rightly so: nobody has to look for it.
GONE: tuple[EventKind, ...] = ("DELETED", "EXPIRED", "MANY", "RESYNC")
# How many changes may wait for one listener; a slower one is sent away.
MOST_WAITING = 1000


@dataclass(frozen=True)
class Rev:
    """The place of a change: the epoch of the index, and its number therein, one more with each change."""

    epoch: int
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> "Rev":
        """The other way round. Raises `ValueError`."""
        epoch, dash, number = text.partition("-")
        if not (dash and text.isascii() and epoch.isdigit() and number.isdigit() and len(text) <= 40):
            raise ValueError(text)
        return cls(int(epoch), int(number))


@dataclass(frozen=True)
class FeedEvent:
    """Something was committed. MANY: to many tasks at once; RESYNC: and nobody knows what. Those have no id."""

    rev: Rev
    kind: EventKind
    id: UUID | None = None
    task: Task | None = None


def read(workspace: str, epoch: int, message: bytes) -> FeedEvent:
    """A message of `tell` in the prelude. Without a task where there should be one, somebody has to look for it."""
    number, _, rest = message.partition(b" ")
    rev, kind = Rev(epoch, int(number)), KINDS[rest[:1]]
    if kind == "MANY":
        return FeedEvent(rev, kind)
    id_ = UUID(bytes=rest[1:17])
    return FeedEvent(rev, kind, id_, entry.decode(workspace, id_, rest[17:] or None))


class SubscriberTooSlow(Exception):
    """More changes were waiting than may."""

    def __init__(self) -> None:
        super().__init__(f"More than {MOST_WAITING:,} changes were waiting. Come again, and go on after the last rev.")


class Subscriber:
    """Takes the changes in order; they wait for it, but not without end."""

    def __init__(self) -> None:
        self._waiting: deque[FeedEvent] = deque()
        self._something = asyncio.Event()
        self._too_slow = False

    def put(self, change: FeedEvent) -> None:
        """A change for it. What waited before a RESYNC is no longer of use."""
        if change.kind == "RESYNC":
            self._waiting.clear()
        if len(self._waiting) >= MOST_WAITING:
            self._too_slow = True
        else:
            self._waiting.append(change)
        self._something.set()

    async def take(self) -> FeedEvent:
        """The next one, as soon as there is one. Raises `SubscriberTooSlow`."""
        while not self._waiting and not self._too_slow:
            self._something.clear()
            await self._something.wait()
        if self._too_slow:
            raise SubscriberTooSlow
        return self._waiting.popleft()
