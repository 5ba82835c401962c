"""The access of one request to Redis: the fallback to PostgreSQL, and how long the answer stays valid."""

from collections.abc import Iterator
from contextlib import contextmanager

from cache.errors import CacheUnavailable, IndexLost, OrderMoving
from cache.page_cache import Validity
from cache.redis.protocol import Protocol
from cache.store import Store


class CacheAccess:
    """Decides whether the reads of a request use Redis, and records whether one fell back to PostgreSQL."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.degraded = False
        self._validity: Validity | None = None
        self._cacheable = True

    @property
    def validity(self) -> Validity | None:
        """How long the answer of this request stays valid; None if it must not be cached (P2)."""
        return self._validity if self._cacheable else None

    def forbid_caching(self) -> None:
        """Record that the answer depends on something that `rev` and the expiries of its views do not show."""
        self._cacheable = False

    def observe(self, epoch: int, rev: int, next_expiry_ms: int) -> None:
        """Record the reply of a script of pages or counts. The lowest `rev` counts: every later change raises it."""
        before = self._validity
        if before is None:
            self._validity = Validity(epoch, rev, next_expiry_ms)
        elif before.epoch == epoch:
            self._validity = Validity(epoch, min(before.rev, rev), min(before.next_expiry_ms, next_expiry_ms))
        else:
            self.forbid_caching()

    def observe_expiry(self, expires_at_ms: int | None) -> None:
        """Record when the first task of the answer expires; None if none does."""
        before = self._validity
        if before is not None and expires_at_ms is not None and expires_at_ms < before.next_expiry_ms:
            self._validity = before._replace(next_expiry_ms=expires_at_ms)

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
            self.forbid_caching()
            return  # Redis is in use, and only this page is PostgreSQL's
        except (IndexLost, CacheUnavailable) as error:
            assert protocol is not None
            self._store.gate_lease.record_read_failure(protocol.gate.epoch, error)
        self.forbid_caching()
        self.degraded = True
        self._store.metrics.degraded_reads += 1
