"""The sorted index: one page of ids in one round trip, by cursor or by number."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from cache.errors import IndexUnavailable
from cache.keys import Keys
from cache.redis import Redis
from db.rows import Status

# A place in the index, newest first: microseconds since 1970, and an id. Need not be that of a task.
Cursor = tuple[int, UUID]


class IndexLost(IndexUnavailable):
    """The index is not there, or no longer whole: Redis was emptied, or restarted, or it is another's."""


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


async def page(redis: Redis, keys: Keys, part: Range) -> Ids:
    """The ids of a part of a view, newest first. Raises `IndexLost` and `CacheUnavailable`."""
    reply = await redis.script(
        "page",
        keys.view(part.status),
        *_arguments(part.after),
        *_arguments(part.before),
        part.direction,
        part.count,
        part.offset,
    )
    if reply == b"LOST":
        raise IndexLost
    members, first, last, position, length, total, rev = reply
    ids = [UUID(bytes=member) for member in members]
    if not ids:
        return Ids(ids, None, None, min(position, length), length, total, rev)
    ends = (int(float(first)), ids[0]), (int(float(last)), ids[-1])
    return Ids(ids, *ends, position, length, total, rev)


def _arguments(cursor: Cursor | None) -> tuple[int | bytes, bytes]:
    return (b"", b"") if cursor is None else (cursor[0], cursor[1].bytes)


async def memory(redis: Redis, keys: Keys) -> dict[str, int]:
    """Bytes that each index takes in Redis, by its name, as Redis estimates them. Raises `CacheUnavailable`."""
    names = [*keys.indexes, *keys.expiring]
    async with redis.pipeline() as pipeline:
        for name in names:
            pipeline.memory_usage(name, samples=100)
    prefix = len(keys.rev) - len(b"rev")
    sizes = zip(names, pipeline.replies, strict=True)
    return {name[prefix:].decode(): size for name, size in sizes if size is not None}
