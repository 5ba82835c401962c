"""The store of one process: PostgreSQL, Redis, and what its requests share."""

from copy import copy
from datetime import timedelta
from typing import Self

from cache.gate.lease import GateLease
from cache.metrics import StoreMetrics
from cache.page_cache import PageCache, PageMemory
from cache.pending_writes import PendingWrites
from cache.redis.client import Redis
from cache.redis.fills import Fills
from cache.repair_queue import RepairQueue
from cache.row_queries import RowTotals, UnsettledCreates
from cache.usage.usage import Usage
from db.pool import Database
from db.purge import DEFAULT_RETENTION
from db.replica import Replica
from db.views import DEFAULT_SHAPES, Shapes


class Store:
    """The state that all requests of a process share. `cache.reads.session.Session` is the state of one request."""

    def __init__(
        self,
        database: Database,
        redis: Redis,
        metrics: StoreMetrics,
        workspace: str = "default",
        *,
        page_memory: PageMemory | None = None,
        max_read_bytes: int = 8 * 2**20,
        retention: timedelta = DEFAULT_RETENTION,
        replica: Replica | None = None,
        usage: Usage | None = None,
        shapes: Shapes = DEFAULT_SHAPES,
    ) -> None:
        # Its connections send only statements that name this workspace.
        self.database = database = database.bound_to(workspace)
        # The client of the server that holds the keys of this workspace.
        self.redis = redis = redis.bound_to(workspace)
        # Only for searches and filters, which find ids and fill no cache.
        self.replica = replica
        self.metrics = metrics
        self.usage = (usage or Usage(is_on=False)).of(workspace)
        self.workspace = workspace
        self.max_read_bytes = max_read_bytes
        # The shapes of the declared views, with their orders.
        self.shapes = shapes
        # How long the rows of deleted and expired tasks are kept.
        self.retention = retention
        self.gate_lease = GateLease(database, redis, metrics, workspace, shapes)
        self.totals = RowTotals(database, workspace)
        self.unsettled_creates = UnsettledCreates(database)
        self.pending_writes = PendingWrites()
        self.fills = Fills()
        self.repair_queue = RepairQueue()
        record_failure = self.gate_lease.record_read_failure
        self.page_cache = PageCache(page_memory or PageMemory(), workspace, metrics, record_failure, self.usage)

    def with_own_metrics(self) -> Self:
        """Return the same store with counters of its own and without usage, for reads that are not those of clients."""
        other = copy(self)
        other.metrics = StoreMetrics()
        other.usage = Usage(is_on=False).of(self.workspace)
        return other

    @property
    def longest_transaction(self) -> timedelta:
        """How long a transaction may take before PostgreSQL ends it."""
        return timedelta(milliseconds=self.database.limits.transaction_timeout_ms)
