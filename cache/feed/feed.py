"""The feed of one process: hears from Redis what was committed anywhere, and hands it to those who listen here."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import structlog

from cache.errors import CacheUnavailable, IndexLost, StoreUnavailable
from cache.feed.counts import Counts
from cache.feed.events import GONE, FeedEvent, Rev, Subscriber, read
from cache.reads.loader import TaskLoader
from cache.redis.protocol import Protocol
from cache.store import Store
from db.errors import DatabaseError
from db.gate import last_token

log = structlog.get_logger(__name__)

# How many changes are kept for those who come again, having missed some.
KEPT = 1000
# Seconds of silence after which it asks whether there was something to hear.
SILENCE = 1.0
# Seconds between two looks whether anything was written, while Redis cannot tell of it.
BLIND_ROUND = 1.0
PAUSE = 0.1


class Feed:
    """One for each process. A change comes after its commit, those of a task in order; who missed one gets a RESYNC."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rev = Rev(0, 0)
        self._hears = False
        self._kept: deque[FeedEvent] = deque(maxlen=KEPT)
        self._listeners: set[Subscriber] = set()
        # As the last two looks without Redis found them.
        self._tokens: deque[int | None] = deque([None, None], maxlen=2)
        self.counts = Counts(store)

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    async def changes(self, after: Rev | None = None) -> AsyncGenerator[FeedEvent, None]:
        """All that changes from now on. First what came since `after`, if that is still known; else a RESYNC.

        Raises `SubscriberTooSlow`.
        """
        with self._listening(after) as listener:
            while True:
                yield await listener.take()

    @contextmanager
    def _listening(self, after: Rev | None) -> Iterator[Subscriber]:
        listener = Subscriber()
        for change in self._since(after):
            listener.put(change)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def _since(self, after: Rev | None) -> list[FeedEvent]:
        """What a listener has missed that was there until `after`; a RESYNC if that cannot be told."""
        known = self._hears and after is not None and after.epoch == self._rev.epoch
        if known and after is not None and after.number <= self._rev.number:
            missed = [change for change in self._kept if change.rev.number > after.number]
            if len(missed) == self._rev.number - after.number:
                return missed
        return [FeedEvent(self._rev, "RESYNC")]

    async def run(self) -> None:
        """Listens for as long as the process runs."""
        while True:
            protocol = self._store.protocol
            try:
                if protocol is not None:
                    await self._follow(protocol)
                    continue
            except IndexLost as error:
                assert protocol is not None
                self._store.miss(protocol.gate.epoch, error)
            except (StoreUnavailable, DatabaseError) as error:
                log.warning("feed", reason=str(error))
            except Exception:
                log.exception("feed")
            await self._blind()

    async def _follow(self, protocol: Protocol) -> None:
        """Hears the changes of one index, until it is no longer in use. Raises `StoreUnavailable`."""
        async with self._store.redis.listen(protocol.keys.changes) as following:
            self._caught_up(Rev(protocol.gate.epoch, await protocol.told()))
            # Not for as long as the lease lasts: one that lapses on a busy machine misses nothing. Nobody writes past
            # Redis before the gate says otherwise, and numbers without a gap are all that there was.
            while self._store.gate == protocol.gate:
                message = await following(SILENCE)
                if message is None and await protocol.told() > self._rev.number:
                    message = await following(SILENCE)  # it may just have been on its way
                    if message is None:
                        raise CacheUnavailable("Changes were told, and not heard. Listening anew.")
                if message is not None:
                    await self._hear(read(self._store.workspace, protocol.gate.epoch, message))

    def _caught_up(self, rev: Rev) -> None:
        self._hears = True
        log.info("feed hears", rev=str(rev))
        if rev != self._rev:
            self._resync(rev)

    async def _hear(self, change: FeedEvent) -> None:
        if change.rev.number <= self._rev.number:
            return
        if change.rev.number > self._rev.number + 1:
            log.warning("feed", reason=f"Not heard: what came between {self._rev} and {change.rev}.")
            self._resync(change.rev)
            return
        if change.task is None and change.kind not in GONE:
            change = await self._looked_up(change)
        self._rev = change.rev
        self._kept.append(change)
        self._hand_out(change)

    async def _looked_up(self, change: FeedEvent) -> FeedEvent:
        assert change.id is not None
        task = await TaskLoader(self._store).load(change.id)
        return replace(change, task=task, kind="DELETED" if task is None else change.kind)

    def _resync(self, rev: Rev) -> None:
        self._rev = rev
        self._kept.clear()
        self._hand_out(FeedEvent(rev, "RESYNC"))

    def _hand_out(self, change: FeedEvent) -> None:
        for listener in self._listeners:
            listener.put(change)
        self.counts.moved()

    async def _blind(self) -> None:
        """Without Redis: whether a write has begun since the last look, by the sequence of the tokens; and once more in
        the round after, when it will have been committed."""
        if self._hears:
            log.info("feed hears nothing")
        self._hears = False
        with suppress(StoreUnavailable, DatabaseError):
            async with self._store.database.connection() as connection:
                now = await last_token(connection)
            if {now} != set(self._tokens):
                self._hand_out(FeedEvent(self._rev, "RESYNC"))
            self._tokens.append(now)
        for _ in range(round(BLIND_ROUND / PAUSE)):
            await asyncio.sleep(PAUSE)
            if self._store.protocol is not None:
                return
