"""The access of one request to Redis, with the fallback to PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager

from cache.errors import CacheUnavailable, IndexLost, OrderMoving
from cache.redis.protocol import Protocol
from cache.store import Store


class CacheAccess:
    """Decides whether the reads of a request use Redis, and records whether one fell back to PostgreSQL."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.degraded = False

    @contextmanager
    def reading(self) -> Iterator[Protocol | None]:
        """Yield the protocol (R1), or None while Redis is not in use.

        The block returns from its function if Redis answered. A failure of Redis inside the block is recorded and
        swallowed, so the code after the block answers from PostgreSQL (R6).
        """
        protocol = self._store.gate_lease.protocol
        try:
            yield protocol
            if protocol is not None:
                return
        except OrderMoving:
            return  # Redis is in use, and only this page is PostgreSQL's
        except (IndexLost, CacheUnavailable) as error:
            assert protocol is not None
            self._store.gate_lease.record_read_failure(protocol.gate.epoch, error)
        self.degraded = True
        self._store.metrics.degraded_reads += 1
