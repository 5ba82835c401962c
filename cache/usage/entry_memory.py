"""What a process remembers of the entries in Redis: when it first saw each task there. Tells why a task is missing."""

import time
from array import array
from collections.abc import Iterable, Sequence
from typing import Literal

from cache.redis.entry import LIFETIME

MissCause = Literal["never_cached", "expired", "evicted", "changed", "degraded"]
# 4 MB. A task takes a slot by its hash. Two tasks with the same slot forget each other.
SLOTS = 2**20
_FINGERPRINTS, _MINUTES = 2**16, 2**16
# Entries expire up to a tenth before the end of their lifetime.
_SHORTEST_MINUTES = int(LIFETIME.total_seconds() * 0.9) // 60


class EntryMemory:
    """A table of a fixed size, with a fingerprint and a minute for each of up to a million tasks."""

    def __init__(self, slots: int = SLOTS) -> None:
        self._slots = array("I", bytes(4 * slots))
        self._count = slots
        # The minute in which Redis last evicted a key.
        self._evicted_at: int | None = None

    def remember(self, ids: Iterable[bytes], epoch: int) -> None:
        """Remember that tasks are in Redis now, unless they were remembered within the lifetime of an entry.

        epoch: that of the index. A new index starts without entries.
        """
        slots, count, now = self._slots, self._count, _minute()
        for id_ in ids:
            hash_ = hash(id_) ^ epoch
            slot = hash_ % count
            found = slots[slot]
            mark = _mark(hash_, count)
            if found >> 16 != mark or (now - found) % _MINUTES >= _SHORTEST_MINUTES:
                slots[slot] = mark << 16 | now

    def missing(self, ids: Sequence[bytes], epoch: int) -> dict[MissCause, int]:
        """Return why tasks are not in Redis, as counts by cause, and remember that they will be from now on."""
        slots, count, now = self._slots, self._count, _minute()
        causes: dict[MissCause, int] = {}
        for id_ in ids:
            hash_ = hash(id_) ^ epoch
            slot, mark = hash_ % count, _mark(hash_, count)
            found = slots[slot]
            cause = self._cause((now - found) % _MINUTES, now) if found >> 16 == mark else "never_cached"
            slots[slot] = mark << 16 | now
            causes[cause] = causes.get(cause, 0) + 1
        return causes

    def _cause(self, age: int, now: int) -> MissCause:
        """Return the cause for a task that was in Redis `age` minutes ago.

        It may have been there for longer, if another process had put it there. So it has expired, unless Redis has
        evicted keys since.
        """
        if age >= _SHORTEST_MINUTES:
            return "expired"
        evicted_since = self._evicted_at is not None and (now - self._evicted_at) % _MINUTES <= age
        return "evicted" if evicted_since else "expired"

    def record_evictions(self) -> None:
        """Record that Redis has evicted keys since the last look."""
        self._evicted_at = _minute()


def _mark(hash_: int, count: int) -> int:
    """Return a fingerprint that is not 0, from the part of a hash that does not choose the slot."""
    return (hash_ // count) % (_FINGERPRINTS - 1) + 1


def _minute() -> int:
    return int(time.monotonic() / 60) % _MINUTES
