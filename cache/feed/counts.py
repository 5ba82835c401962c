"""The number of tasks in each view, for subscribers."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import NamedTuple

import structlog

from cache.coalesce import CoalescedCall
from cache.errors import StoreUnavailable
from cache.feed.turns import Turns
from cache.reads.pages import read_counts
from cache.reads.session import Session
from cache.store import Store
from db.errors import DatabaseUnavailable, explain
from db.task import Status

log = structlog.get_logger(__name__)
# The shortest time between two counts for subscribers.
MIN_INTERVAL_SECONDS = 0.25
# The longest time between two counts, even without an event: a task may have expired, or a counted write may have been
# rolled back.
MAX_INTERVAL_SECONDS = 2.0

CountsByView = dict[Status | None, int]


class _Count(NamedTuple):
    """The result of one count. A count of a higher number began later."""

    number: int
    counts: CountsByView


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
    """Counts the tasks after changes, while there are subscribers. All of them share each count."""

    def __init__(
        self, store: Store, turns: Turns, following: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> None:
        """`following` returns a context in which `notify` is called after each change."""
        self._store = store
        self._feed_following = following
        self._turns = turns
        self._count: CoalescedCall[_Count] = CoalescedCall(self._read)
        self._reads = 0
        self._latest: _Count | None = None
        self._changed = asyncio.Event()
        self._subscribers: set[_Subscriber] = set()
        self._following: asyncio.Task[None] | None = None

    def notify(self) -> None:
        """Count again, because a task has changed."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def subscribe(self) -> AsyncGenerator[CountsByView, None]:
        """Yield the current counts, then the counts whenever they differ.

        While the stores cannot be read, no new counts are yielded.
        """
        with self._feed_following(), self._subscribed() as subscriber:
            count: _Count | None = None
            with suppress(StoreUnavailable, DatabaseUnavailable):  # `_follow` logs the reason
                count = await self._count()
            while True:
                if count is not None and subscriber.lacks(count):
                    subscriber.last = count
                    yield count.counts
                await self._next_turn(subscriber)
                count = self._latest

    async def _next_turn(self, subscriber: _Subscriber) -> None:
        """Wait until there is a count that the subscriber lacks, and for a turn."""
        if subscriber.lacks(self._latest):
            await self._turns.turn()
            return
        subscriber.waiting = asyncio.get_running_loop().create_future()
        await subscriber.waiting

    @contextmanager
    def _subscribed(self) -> Iterator[_Subscriber]:
        subscriber = _Subscriber()
        self._subscribers.add(subscriber)
        self._following = self._following or asyncio.create_task(self._follow())
        try:
            yield subscriber
        finally:
            self._subscribers.discard(subscriber)
            if not self._subscribers and self._following is not None:
                self._following.cancel()
                self._following = self._latest = None

    async def _follow(self) -> None:
        """Count for all subscribers, after each change and at least every `MAX_INTERVAL_SECONDS`."""
        while True:
            changed = self._changed  # bound before the count, to notice a change during it
            try:
                count = await self._count()
            except (StoreUnavailable, DatabaseUnavailable) as error:
                log.warning("cannot count tasks", reason=explain(error))
            except Exception:
                log.exception("cannot count tasks")
            else:
                self._publish(count)
            await asyncio.sleep(MIN_INTERVAL_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(MAX_INTERVAL_SECONDS):
                    await changed.wait()

    def _publish(self, count: _Count) -> None:
        self._latest = count
        for subscriber in self._subscribers:
            if subscriber.waiting is not None and subscriber.lacks(count):
                self._turns.add([subscriber.waiting])
                subscriber.waiting = None

    async def _read(self) -> _Count:
        self._reads += 1
        return _Count(self._reads, await read_counts(Session(self._store)))
