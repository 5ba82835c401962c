"""The number of tasks in each view, for subscribers."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from typing import NamedTuple
from weakref import WeakValueDictionary

import structlog

from cache.coalesce import CoalescedCall
from cache.errors import StoreUnavailable
from cache.feed.turns import Turns
from cache.reads.pages import read_counts
from cache.reads.session import Session
from cache.reads.view_counts import (
    Counted,
    CountsByStatus,
    cached_view_counts,
    read_view_counts,
    row_view_counts,
)
from cache.store import Store
from db.errors import DatabaseTimeout, DatabaseUnavailable, explain

log = structlog.get_logger(__name__)
# The shortest time between two counts for subscribers.
MIN_INTERVAL_SECONDS = 0.25
# The longest time between two counts, even without an event: a task may have expired, or a counted write may have been
# rolled back.
MAX_INTERVAL_SECONDS = 2.0


class _Count(NamedTuple):
    """The result of one count. A count of a higher number began later."""

    number: int
    counts: CountsByStatus


class _Subscriber:
    """The last count that a subscriber has received, and the future that it waits for, if it waits."""

    __slots__ = ("last", "waiting")

    def __init__(self) -> None:
        self.last: _Count | None = None
        self.waiting: asyncio.Future[None] | None = None

    def lacks(self, count: _Count | None) -> bool:
        """Return whether a count differs from the last count of this subscriber, and is newer."""
        last = self.last
        return count is not None and (last is None or (count.number > last.number and count.counts != last.counts))


class CountsFeed:
    """Counts the tasks after changes, while there are subscribers. All subscribers of a view share each count."""

    def __init__(
        self, store: Store, turns: Turns, following: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> None:
        """`following` returns a context in which `notify` is called after each change."""
        self._store = store
        self._feed_following = following
        self._turns = turns
        self._base_count: CoalescedCall[_Count] = CoalescedCall(self._read_base)
        # Calls in progress. Each is forgotten with its last caller.
        self._first_counts: WeakValueDictionary[Counted, CoalescedCall[_Count]] = WeakValueDictionary()
        self._reads = 0
        self._latest: dict[Counted, _Count] = {}
        self._changed = asyncio.Event()
        self._subscribers: defaultdict[Counted, set[_Subscriber]] = defaultdict(set)
        self._following: asyncio.Task[None] | None = None

    def notify(self) -> None:
        """Count again, because a task has changed."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def subscribe(self, counted: Counted = Counted()) -> AsyncGenerator[CountsByStatus, None]:  # noqa: B008
        """Yield the current counts of a base view or a declared view, then the counts whenever they differ.

        While the stores cannot be read, no new counts are yielded.
        """
        with self._feed_following(), self._subscribed(counted) as subscriber:
            count: _Count | None = None
            with suppress(StoreUnavailable, DatabaseUnavailable):  # `_follow` logs the reason
                count = await self._first_count(counted)
            while True:
                if count is not None and subscriber.lacks(count):
                    subscriber.last = count
                    yield count.counts
                await self._next_turn(counted, subscriber)
                count = self._latest.get(counted)

    async def _next_turn(self, counted: Counted, subscriber: _Subscriber) -> None:
        """Wait until there is a count that the subscriber lacks, and for a turn."""
        if subscriber.lacks(self._latest.get(counted)):
            await self._turns.turn()
            return
        subscriber.waiting = asyncio.get_running_loop().create_future()
        await subscriber.waiting

    @contextmanager
    def _subscribed(self, counted: Counted) -> Iterator[_Subscriber]:
        subscriber = _Subscriber()
        self._subscribers[counted].add(subscriber)
        self._following = self._following or asyncio.create_task(self._follow())
        try:
            yield subscriber
        finally:
            self._subscribers[counted].discard(subscriber)
            if not self._subscribers[counted]:
                del self._subscribers[counted]
                self._latest.pop(counted, None)
            if not self._subscribers and self._following is not None:
                self._following.cancel()
                self._following = None

    async def _follow(self) -> None:
        """Count for all subscribers, after each change and at least every `MAX_INTERVAL_SECONDS`."""
        while True:
            changed = self._changed  # bound before the count, to notice a change during it
            try:
                await self._count_all()
            except (StoreUnavailable, DatabaseUnavailable) as error:
                log.warning("cannot count tasks", reason=explain(error))
            except Exception:
                log.exception("cannot count tasks")
            await asyncio.sleep(MIN_INTERVAL_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(MAX_INTERVAL_SECONDS):
                    await changed.wait()

    async def _count_all(self) -> None:
        """Count each view that has subscribers. PostgreSQL counts one view after another, after all those of Redis."""
        if base := [counted for counted in self._subscribers if counted.view.is_base]:
            number, counts = await self._base_count()
            for counted in base:
                self._publish(counted, _Count(number, counted.from_base(counts)))
        if declared := [counted for counted in self._subscribers if not counted.view.is_base]:
            number = self._next_number()
            cached = await cached_view_counts(Session(self._store), declared)
            for counted, counts in cached.items():
                self._publish(counted, _Count(number, counts))
            for counted in declared:
                if counted not in cached and counted in self._subscribers:
                    await self._count_rows(counted)

    async def _count_rows(self, counted: Counted) -> None:
        number = self._next_number()
        try:
            self._publish(counted, _Count(number, await row_view_counts(self._store, counted)))
        except DatabaseTimeout as error:  # the next view may be smaller
            log.warning("cannot count tasks", reason=explain(error))

    def _publish(self, counted: Counted, count: _Count) -> None:
        subscribers = self._subscribers.get(counted)
        if not subscribers:
            return
        self._latest[counted] = count
        for subscriber in subscribers:
            if subscriber.waiting is not None and subscriber.lacks(count):
                self._turns.add([subscriber.waiting])
                subscriber.waiting = None

    async def _first_count(self, counted: Counted) -> _Count:
        if counted.view.is_base:
            number, counts = await self._base_count()
            return _Count(number, counted.from_base(counts))
        call = self._first_counts.setdefault(counted, CoalescedCall(partial(self._read_declared, counted)))
        return await call()

    async def _read_base(self) -> _Count:
        return _Count(self._next_number(), await read_counts(Session(self._store)))

    async def _read_declared(self, counted: Counted) -> _Count:
        return _Count(self._next_number(), await read_view_counts(Session(self._store), counted))

    def _next_number(self) -> int:
        self._reads += 1
        return self._reads
