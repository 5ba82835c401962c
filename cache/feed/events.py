"""Events of the feed, as the scripts publish them."""

from dataclasses import dataclass, field
from itertools import count
from typing import Literal
from uuid import UUID

from cache.redis.encoded_task import EncodedTask, decode

EventKind = Literal["CREATED", "UPDATED", "DELETED", "RESTORED", "EXPIRED", "MANY", "RESYNC"]
# The codes by which the scripts name a kind; RESYNC is never published.
KIND_OF_CODE: dict[bytes, EventKind] = {
    b"c": "CREATED",
    b"u": "UPDATED",
    b"d": "DELETED",
    b"r": "RESTORED",
    b"e": "EXPIRED",
    b"m": "MANY",
}
# Kinds that never carry a task. An event of any other kind without one has to be completed by a read.
WITHOUT_TASK: tuple[EventKind, ...] = ("DELETED", "EXPIRED", "MANY", "RESYNC")


@dataclass(frozen=True)
class Rev:
    """The position of an event in the feed: the epoch of the index, and a number that rises by one with each event."""

    epoch: int
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> "Rev":
        """Parse `epoch-number`. Raises `ValueError`."""
        epoch, dash, number = text.partition("-")
        if not (dash and text.isascii() and epoch.isdigit() and number.isdigit() and len(text) <= 40):
            raise ValueError(text)
        return cls(int(epoch), int(number))


@dataclass(frozen=True)
class FeedEvent:
    """A committed change. MANY (several tasks changed) and RESYNC (events may be missing) have no id.

    serial: identifies the event in this process, also after the event is gone.
    """

    rev: Rev
    kind: EventKind
    id: UUID | None = None
    task: EncodedTask | None = None
    serial: int = field(default_factory=count().__next__, compare=False)


def parse_event(workspace: str, epoch: int, message: bytes) -> FeedEvent:
    """Parse a message that `emit` in the prelude published. The task is None if the message holds no readable one."""
    number, _, rest = message.partition(b" ")
    rev, kind = Rev(epoch, int(number)), KIND_OF_CODE[rest[:1]]
    if kind == "MANY":
        return FeedEvent(rev, kind)
    id_ = UUID(bytes=rest[1:17])
    return FeedEvent(rev, kind, id_, decode(workspace, id_.bytes, rest[17:]))
