"""Whole responses of pages and counts, kept by one process and checked before each use (P2)."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import NamedTuple

from cache.errors import CacheUnavailable, IndexLost
from cache.metrics import StoreMetrics
from cache.redis.protocol import PageCheck, Protocol
from cache.usage.workspace_usage import Content, PageMissCause, Requested, WorkspaceUsage

# Estimates of the memory of a page in addition to its body: its objects and its place in the cache, and the compressed
# form that a later client may ask for, as a share of the body.
_OVERHEAD_BYTES, _COMPRESSED_SHARE = 1000, 0.5
# A page may take up to a sixteenth of the cache.
_LARGEST_SHARE = 16

# Records that a check failed: the epoch of its index, and how it failed.
RecordFailure = Callable[[int, IndexLost | CacheUnavailable], None]


class Validity(NamedTuple):
    """How long the pages and counts of a request stay valid.

    They do while the index of this epoch has this `rev` and Redis's time, in milliseconds since 1970, is before the
    next expiry of a task on the pages or in their views.
    """

    epoch: int
    rev: int
    next_expiry_ms: int


class CachedPage:
    """The body of a response, its compressed form once a client has asked for it, and how long both are valid.

    points: the cost of the operation. content: the pages and tasks that it read. uses: hits that are not counted yet.
    """

    __slots__ = ("body", "content", "gzipped", "points", "size", "uses", "validity")

    def __init__(
        self, body: bytes, validity: Validity, key_bytes: int, points: int, content: Content | None = None
    ) -> None:
        self.body = body
        self.points = points
        self.content = content
        self.uses = 0
        self.gzipped: bytes | None = None
        self.validity = validity
        self.size = _OVERHEAD_BYTES + key_bytes + int(len(body) * (1 + _COMPRESSED_SHARE))
        if content is not None:
            self.size += len(content.ids)


class PageMemory:
    """The cached pages of all workspaces of a process by key, bounded in bytes. Evicts the least recently used page."""

    def __init__(self, max_bytes: int = 0) -> None:
        """`max_bytes` of 0 turns the cache off."""
        self.max_bytes = max_bytes
        self.bytes = 0
        self.pages: OrderedDict[Hashable, CachedPage] = OrderedDict()

    def store(self, key: Hashable, page: CachedPage) -> None:
        """Keep a page, unless it takes more than a sixteenth of the memory."""
        if page.size > self.max_bytes // _LARGEST_SHARE:
            return
        self.remove(key)
        self.pages[key] = page
        self.bytes += page.size
        while self.bytes > self.max_bytes:
            self.remove(next(iter(self.pages)))

    def remove(self, key: Hashable) -> None:
        """Forget the page of a key."""
        page = self.pages.pop(key, None)
        if page is not None:
            self.bytes -= page.size


class PageCache:
    """The cached pages of one workspace. The workspace is part of every key, so no other workspace finds them."""

    def __init__(
        self,
        memory: PageMemory,
        workspace: str,
        metrics: StoreMetrics,
        record_failure: RecordFailure,
        usage: WorkspaceUsage,
    ) -> None:
        self.memory = memory
        self._usage = usage
        self._workspace = workspace
        self._metrics = metrics
        self._check = SharedCheck(record_failure)

    @property
    def is_on(self) -> bool:
        """Whether pages are cached at all."""
        return self.memory.max_bytes > 0

    def store(
        self,
        key: Hashable,
        key_bytes: int,
        body: bytes,
        validity: Validity,
        points: int = 0,
        requested: Requested | None = None,
    ) -> None:
        """Keep the body of a response. `key_bytes` is the memory of the key."""
        content = None if requested is None else Content.of(requested)
        self.memory.store((self._workspace, key), CachedPage(body, validity, key_bytes, points, content))

    async def valid_page(self, key: Hashable, protocol: Protocol | None) -> CachedPage | None:
        """P2: return the page of a key if it is valid now. `protocol` is that of R1, for a request that begins now."""
        memory, own_key = self.memory, (self._workspace, key)
        page = memory.pages.get(own_key)
        if page is None or protocol is None:
            self._count_miss("not_cached" if protocol is not None else "degraded")
            return None
        cause: PageMissCause = "rebuilt"
        if page.validity.epoch == protocol.gate.epoch:
            check = await self._check(protocol)
            if check is None:  # the request is answered without Redis
                self._usage.count_page_miss("degraded", looked_up=False)
                return None
            if check.rev == page.validity.rev and check.now_ms < page.validity.next_expiry_ms:
                if own_key in memory.pages:
                    memory.pages.move_to_end(own_key)
                self._metrics.page_hits += 1
                self._usage.count_page_hit(page)
                return page
            cause = "invalidated" if check.rev != page.validity.rev else "expired"
        self._count_miss(cause)
        if memory.pages.get(own_key) is page:
            memory.remove(own_key)
        return None

    def _count_miss(self, cause: PageMissCause) -> None:
        self._metrics.page_misses += 1
        self._usage.count_page_miss(cause)


class SharedCheck:
    """Reads Redis's time and `rev` once for all requests of one iteration of the event loop.

    A request shares only a check that is sent after the request arrived: an earlier one may not show a write that was
    acknowledged in between.
    """

    def __init__(self, record_failure: RecordFailure) -> None:
        self._record_failure = record_failure
        self._waiting: list[asyncio.Future[PageCheck | None]] = []
        self._protocol: Protocol | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def __call__(self, protocol: Protocol) -> PageCheck | None:
        """Return the result of a check that is sent after this call, or None if it failed.

        A failure is recorded, so that the callers do not wait for Redis a second time when they read.
        """
        if self._protocol is not protocol:  # no check is about to be sent to this index
            self._protocol, self._waiting = protocol, []
            # The task starts in the next iteration, after all requests of this one have joined.
            task = asyncio.create_task(self._run(protocol, self._waiting))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        waiting: asyncio.Future[PageCheck | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        return await waiting

    async def _run(self, protocol: Protocol, waiting: list["asyncio.Future[PageCheck | None]"]) -> None:
        if self._waiting is waiting:  # later requests start the next check
            self._protocol = None
        check: PageCheck | None = None
        try:
            check = await protocol.check_page()
        except (CacheUnavailable, IndexLost) as error:
            self._record_failure(protocol.gate.epoch, error)
        finally:
            for future in waiting:
                if not future.done():
                    future.set_result(check)
