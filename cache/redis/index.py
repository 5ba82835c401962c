"""The sorted indexes: the arguments and the reply of the page script."""

from typing import Any, Literal, NamedTuple
from uuid import UUID

from msgspec import Struct

from cache.redis.client import Argument, Redis
from cache.redis.entry import Lease, Leases
from cache.redis.keys import Keys
from cache.redis.times import MILLISECOND, UNIX_EPOCH
from db.index_source import IndexPosition
from db.task import Order
from db.views import EVERY_TASK, View


class PageRange(Struct, frozen=True, gc=False):
    """A range of a view: up to `count` tasks between two positions, after skipping `offset` of them.

    `direction` "last" takes the tasks from the end. A position is (score, id) and need not belong to a task; the score
    is the creation in microseconds since 1970, for EXPIRING_SOON the expiry in milliseconds, and for a declared order
    that of db/orders.py.
    """

    count: int
    direction: Literal["first", "last"] = "first"
    after: IndexPosition | None = None
    before: IndexPosition | None = None
    offset: int = 0
    view: View = EVERY_TASK
    order: Order = "NEWEST"


class IndexPage(Struct, frozen=True, gc=False):
    """The answer for a range: ids (16 bytes each) with scores and entries, and the rank of the first id, from 0.

    `token` is that of the leases on the ids without an entry, and `now_ms` is when Redis ran the script.

    `length` counts the members of the order, including tasks that have expired since the last sweep. `total` does not.
    `next_expiry_ms` is when the next task of the view expires by Redis's clock, in milliseconds since 1970; 0 if tasks
    of the view that have expired are still in the index.
    """

    ids: list[bytes]
    scores: list[int]
    rank: int
    length: int
    total: int
    rev: int
    next_expiry_ms: int
    entries: list[bytes | None]
    token: str
    now_ms: int

    @property
    def leases(self) -> Leases:
        """The leases on the ids without an entry."""
        lease = Lease(self.token, UNIX_EPOCH + self.now_ms * MILLISECOND)
        return {id_: lease for id_, entry in zip(self.ids, self.entries, strict=True) if entry is None}

    @property
    def first(self) -> IndexPosition | None:
        """Position of the first id."""
        return (self.scores[0], UUID(bytes=self.ids[0])) if self.ids else None

    @property
    def last(self) -> IndexPosition | None:
        """Position of the last id."""
        return (self.scores[-1], UUID(bytes=self.ids[-1])) if self.ids else None

    @property
    def has_before(self) -> bool:
        """Whether the order has tasks before this range."""
        return self.rank > 0

    @property
    def has_after(self) -> bool:
        """Whether the order has tasks after this range."""
        return self.rank + len(self.ids) < self.length


def page_arguments(part: PageRange) -> list[Argument]:
    """Return the arguments of the page script."""
    after, before = _position_arguments(part.after), _position_arguments(part.before)
    return [part.order, *after, *before, part.direction, part.count, part.offset]


def _position_arguments(position: IndexPosition | None) -> tuple[int | bytes, bytes]:
    return (b"", b"") if position is None else (position[0], position[1].bytes)


def parse_page(reply: Any, token: str) -> IndexPage:
    """Parse the reply of the page script, which took leases with this token."""
    found, rank, length, total, rev, next_expiry_ms, entries, now_ms = reply
    ids = found[::2]
    rank = rank if ids else min(rank, length)
    return IndexPage(ids, found[1::2], rank, length, total, rev, next_expiry_ms, entries, token, now_ms)


class ViewCounts(NamedTuple):
    """The number of tasks in each view, in the order of VIEWS; `rev` and the next expiry as in `IndexPage`."""

    rev: int
    next_expiry_ms: int
    counts: list[int]


async def index_sizes(redis: Redis, keys: Keys) -> dict[str, int]:
    """Return the size of each index in bytes, by name, as Redis estimates it. Raises `CacheUnavailable`."""
    names = [*keys.indexes, *keys.expiring]
    replies = await redis.send([("MEMORY", "USAGE", name, "SAMPLES", 100) for name in names])
    prefix = len(keys.rev) - len(b"rev")
    sizes = zip(names, replies, strict=True)
    return {name[prefix:].decode(): size for name, size in sizes if size is not None}


async def index_length(redis: Redis, keys: Keys) -> int:
    """Return the number of tasks in an index. Raises `CacheUnavailable`."""
    [length] = await redis.send([("ZCARD", keys.indexes[0])])
    return max(0, int(length) - 1)  # without the beacon
