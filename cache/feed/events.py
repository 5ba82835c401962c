"""Events of the feed, as the scripts publish them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import Literal
from uuid import UUID

from cache.redis.encoded_task import EncodedTask, decode
from cache.redis.view_values import ViewValues, split_before, values_in_json
from db.views import EVERY_TASK, View

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

    before: the values of the task before the change, empty if readers could not see it, None if they are unknown.
    serial: identifies the event in this process, also after the event is gone.
    """

    rev: Rev
    kind: EventKind
    id: UUID | None = None
    task: EncodedTask | None = None
    before: Sequence[ViewValues] | None = None
    serial: int = field(default_factory=count().__next__, compare=False)

    @cached_property
    def after(self) -> ViewValues | None:
        """The values of the task after the change. None if there is no task."""
        return None if self.task is None else values_in_json(self.task.json)

    def is_in(self, view: View) -> bool:
        """Return whether the task is in a view after the change."""
        return self.task is not None and (view == EVERY_TASK or (self.after is not None and view.holds(self.after)))

    def concerns(self, view: View) -> bool:
        """Return whether the task is or was in a view. True if that is unknown."""
        if view == EVERY_TASK or self.id is None or self.before is None:
            return True
        return self.is_in(view) or any(map(view.holds, self.before))


def parse_event(workspace: str, epoch: int, message: bytes) -> FeedEvent:
    """Parse a message that `emit` in the prelude published. The task is None if the message holds no readable one."""
    number, _, rest = message.partition(b" ")
    rev, kind = Rev(epoch, int(number)), KIND_OF_CODE[rest[:1]]
    if kind == "MANY":
        return FeedEvent(rev, kind)
    id_ = UUID(bytes=rest[1:17])
    value, before = split_before(rest[17:])
    return FeedEvent(rev, kind, id_, decode(workspace, id_.bytes, value), before)
