"""The sorted indexes: what is asked of them, by cursor or by number, and what they answer."""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from cache.redis.client import Argument, Redis
from cache.redis.keys import Keys
from db.task import Order, Status

# A place in an order: a score and an id. The score is when the task was created, microseconds since 1970; in
# EXPIRING_SOON when it expires, milliseconds. Need not be that of a task.
Cursor = tuple[int, UUID]


@dataclass(frozen=True)
class Range:
    """Which part of a view: between two cursors, the first or the last `count`, `offset` passed over."""

    count: int
    direction: Literal["first", "last"] = "first"
    after: Cursor | None = None
    before: Cursor | None = None
    offset: int = 0
    status: Status | None = None
    order: Order = "NEWEST"


@dataclass(frozen=True)
class Ids:
    """What the index says of a range: ids, each with its score; `position` is that of the first, from 0."""

    ids: list[UUID]
    scores: list[int]
    position: int
    length: int
    total: int
    rev: int

    @property
    def first(self) -> Cursor | None:
        """Where the first id stands."""
        return (self.scores[0], self.ids[0]) if self.ids else None

    @property
    def last(self) -> Cursor | None:
        """Where the last id stands."""
        return (self.scores[-1], self.ids[-1]) if self.ids else None

    @property
    def has_before(self) -> bool:
        """Whether the order holds something before this range."""
        return self.position > 0

    @property
    def has_after(self) -> bool:
        """Whether the order holds something behind this range."""
        return self.position + len(self.ids) < self.length


def arguments(part: Range) -> list[Argument]:
    """What the page script takes, after its keys."""
    return [part.order, *_place(part.after), *_place(part.before), part.direction, part.count, part.offset]


def ids(reply: Any) -> Ids:
    """What the page script answered."""
    found, position, length, total, rev = reply
    members, scores = found[::2], found[1::2]
    return Ids(
        [UUID(bytes=member) for member in members],
        [int(float(score)) for score in scores],
        position if members else min(position, length),
        length,
        total,
        rev,
    )


def _place(cursor: Cursor | None) -> tuple[int | bytes, bytes]:
    return (b"", b"") if cursor is None else (cursor[0], cursor[1].bytes)


async def memory(redis: Redis, keys: Keys) -> dict[str, int]:
    """Bytes that each index takes in Redis, by its name, as Redis estimates them. Raises `CacheUnavailable`."""
    names = [*keys.indexes, *keys.expiring]
    replies = await redis.send([("MEMORY", "USAGE", name, "SAMPLES", 100) for name in names])
    prefix = len(keys.rev) - len(b"rev")
    sizes = zip(names, replies, strict=True)
    return {name[prefix:].decode(): size for name, size in sizes if size is not None}
