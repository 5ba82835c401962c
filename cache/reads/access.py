"""The access of one request to Redis: the fallback to PostgreSQL, and how long the answer stays valid."""

from types import TracebackType

from cache.errors import CacheUnavailable, IndexLost, OrderMoving, ShapeUnbuilt
from cache.page_cache import Validity
from cache.redis.protocol import Protocol
from cache.store import Store
from cache.usage.workspace_usage import Requested


class CacheAccess:
    """Decides whether the reads of a request use Redis, and records whether one fell back to PostgreSQL."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.degraded = False
        # What the request has read from Redis, for later uses of its answer.
        self.requested = Requested()
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

    def reading(self) -> "Reading":
        """Return a context manager that yields the protocol (R1), or None while Redis is not in use.

        The block returns from its function if Redis answered. A failure of Redis inside the block is recorded and
        swallowed, so the code after the block answers from PostgreSQL (R6).
        """
        return Reading(self._store, self)

    def record_fallback(self) -> None:
        """Record that the request is answered without Redis."""
        self.forbid_caching()
        self.degraded = True
        self._store.metrics.degraded_reads += 1
        self._store.usage.count_degraded_read()


class Reading:
    """A read of one request, which tries Redis. `CacheAccess.reading` describes it."""

    __slots__ = ("_access", "_protocol", "_store")

    def __init__(self, store: Store, access: CacheAccess) -> None:
        self._store = store
        self._access = access
        self._protocol: Protocol | None = None

    def __enter__(self) -> Protocol | None:
        self._protocol = protocol = self._store.gate_lease.protocol
        return protocol

    def __exit__(
        self, type_: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> bool:
        protocol = self._protocol
        if error is None:
            if protocol is None:
                self._access.record_fallback()
        elif isinstance(error, OrderMoving | ShapeUnbuilt):  # Redis is in use, and only this read is PostgreSQL's
            self._access.forbid_caching()
        elif isinstance(error, IndexLost | CacheUnavailable):
            assert protocol is not None
            self._store.gate_lease.record_read_failure(protocol.gate.epoch, error)
            self._access.record_fallback()
        else:
            return False
        return True
