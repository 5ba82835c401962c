"""The sorted index: what is asked of it, by cursor or by number, and what it answers."""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from cache.keys import Keys
from cache.redis import Argument, Redis
from db.rows import Status

# A place in the index, newest first: microseconds since 1970, and an id. Need not be that of a task.
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


@dataclass(frozen=True)
class Ids:
    """What the index says of a range. `position` is that of the first id in its view, from 0."""

    ids: list[UUID]
    first: Cursor | None
    last: Cursor | None
    position: int
    length: int
    total: int
    rev: int

    @property
    def has_before(self) -> bool:
        """Whether the view holds something newer than this range."""
        return self.position > 0

    @property
    def has_after(self) -> bool:
        """Whether the view holds something older than this range."""
        return self.position + len(self.ids) < self.length


def arguments(part: Range) -> list[Argument]:
    """What the page script takes, after its keys."""
    return [*_place(part.after), *_place(part.before), part.direction, part.count, part.offset]


def ids(reply: Any) -> Ids:
    """What the page script answered."""
    members, first, last, position, length, total, rev = reply
    found = [UUID(bytes=member) for member in members]
    if not found:
        return Ids(found, None, None, min(position, length), length, total, rev)
    ends = (int(float(first)), found[0]), (int(float(last)), found[-1])
    return Ids(found, *ends, position, length, total, rev)


def _place(cursor: Cursor | None) -> tuple[int | bytes, bytes]:
    return (b"", b"") if cursor is None else (cursor[0], cursor[1].bytes)


async def memory(redis: Redis, keys: Keys) -> dict[str, int]:
    """Bytes that each index takes in Redis, by its name, as Redis estimates them. Raises `CacheUnavailable`."""
    names = [*keys.indexes, *keys.expiring]
    replies = await redis.send([("MEMORY", "USAGE", name, "SAMPLES", 100) for name in names])
    prefix = len(keys.rev) - len(b"rev")
    sizes = zip(names, replies, strict=True)
    return {name[prefix:].decode(): size for name, size in sizes if size is not None}
