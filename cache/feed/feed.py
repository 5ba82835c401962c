"""The feed of one process: receives committed changes from Redis and delivers them to the subscribers."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager, suppress
from contextvars import Context

import structlog

from cache.errors import CacheUnavailable, IndexLost, StoreUnavailable
from cache.feed.completion import with_expired_values, with_task
from cache.feed.counts import CountsFeed
from cache.feed.event_log import EventLog
from cache.feed.events import WITHOUT_TASK, FeedEvent, Rev, parse_event
from cache.feed.subscriber import Subscriber
from cache.feed.turns import Turns
from cache.redis.protocol import Protocol
from cache.store import Store
from db.errors import DatabaseError, explain, name_server
from db.gate import last_token
from db.views import EVERY_TASK, View

log = structlog.get_logger(__name__)

# After this long without a message, the feed asks Redis for the number of the last event.
SILENCE_SECONDS = 1.0
# The interval at which the feed asks PostgreSQL whether anything was written, while Redis is not in use.
POLL_INTERVAL_SECONDS = 1.0
POLL_STEP_SECONDS = 0.1
# How long a feed without followers stays connected, so that a client that reconnects can resume.
LINGER_SECONDS = 60.0
# How long the first subscriber waits for the feed to connect.
CONNECT_SECONDS = 1.0


class Feed:
    """The feed of a workspace in one process. An event follows its commit, and the events of one task come in order.

    A subscriber that may have missed an event gets a RESYNC. The feed is connected while it has followers, and a minute
    longer. followers: how many receive events or counts now.
    """

    def __init__(self, store: Store, turns: Turns | None = None) -> None:
        self._store = store
        self._rev = Rev(0, 0)
        self._connected = False
        # Subscribers take turns. So does other work that thousands of clients can cause at once.
        self.turns = turns or Turns()
        self._event_log = EventLog(self.turns)
        self.followers = 0
        # How many of them receive only the events of a view.
        self._partial_followers = 0
        self._closed = False
        self._running: asyncio.Task[None] | None = None
        self._stopping: asyncio.TimerHandle | None = None
        # Set while the feed is connected, or has found that it cannot be.
        self._begun = asyncio.Event()
        # The last token as the last two polls of PostgreSQL read it.
        self._polled_tokens: deque[int | None] = deque([None, None], maxlen=2)
        self.counts = CountsFeed(store, self.turns, self.following)

    @contextmanager
    def following(self) -> Iterator[None]:
        """Keep the feed connected during the block."""
        self.followers += 1
        if self._stopping is not None:
            self._stopping.cancel()
        self._start()
        try:
            yield
        finally:
            self.followers -= 1
            if not self.followers:
                self._stopping = asyncio.get_running_loop().call_later(LINGER_SECONDS, self._stop)

    async def aclose(self) -> None:
        """Disconnect the feed for good."""
        self._closed = True
        while (running := self._running) is not None:
            self._stop()
            await asyncio.wait({running}, timeout=1.0)

    def _start(self) -> None:
        if self._running is None and not self._closed:
            # In a context of its own, because the feed outlives the request that happens to start it.
            self._running = asyncio.get_running_loop().create_task(self._run(), context=Context())

    def _stop(self) -> None:
        if self._running is not None:
            self._running.cancel()

    async def subscribe(self, after: Rev | None = None, view: View = EVERY_TASK) -> AsyncGenerator[FeedEvent, None]:
        """Yield the events since `after`, or a RESYNC if the log no longer has all of them, then every new event.

        Yields only events that concern the view. Raises `SubscriberTooSlow`.
        """
        with self.following(), self._needing_values(view):
            if not self._begun.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(CONNECT_SECONDS):
                        await self._begun.wait()
            subscriber = self._subscriber(after)
            while True:
                event = await subscriber.take()
                if event.concerns(view):
                    yield event

    @contextmanager
    def _needing_values(self, view: View) -> Iterator[None]:
        """Count a subscriber of a part of the tasks during the block."""
        is_partial = int(view != EVERY_TASK)
        self._partial_followers += is_partial
        try:
            yield
        finally:
            self._partial_followers -= is_partial

    async def position(self) -> Rev | None:
        """Return the rev of an event that every later read includes. None while Redis is not in use.

        A subscriber that starts after this rev misses no change of what was read since. A feed that is not connected
        asks Redis, and does not connect.
        """
        protocol = self._store.gate_lease.protocol
        if protocol is None:
            return None
        if self._connected and self._rev.epoch == protocol.gate.epoch:
            return self._rev
        try:
            return Rev(protocol.gate.epoch, await protocol.last_event())
        except StoreUnavailable:  # the operation that follows finds and reports the failure
            return None

    def _subscriber(self, after: Rev | None) -> Subscriber:
        """Return a subscriber that receives the events since `after`, or first a RESYNC if any may be missing."""
        if self._connected and after is not None and after.epoch == self._rev.epoch:
            position = self._event_log.position_after(after, self._rev)
            if position is not None:
                return Subscriber(self._event_log, position)
        return Subscriber(self._event_log, self._event_log.end, FeedEvent(self._rev, "RESYNC"))

    async def _run(self) -> None:
        """Follow the changes until the task is cancelled."""
        try:
            await self._follow_gate()
        finally:
            self._running, self._connected = None, False
            self._begun.clear()
            if self.followers:  # one has come since the task was cancelled
                self._start()

    async def _follow_gate(self) -> None:
        while True:
            protocol = self._store.gate_lease.protocol
            try:
                if protocol is not None:
                    await self._follow(protocol)
                    continue
            except IndexLost as error:
                assert protocol is not None
                self._store.gate_lease.report_lost_index(protocol.gate.epoch, error)
            except (StoreUnavailable, DatabaseError) as error:
                log.warning("feed interrupted", workspace=self._store.workspace, reason=explain(error))
            except Exception:
                log.exception("feed failed", workspace=self._store.workspace)
            await self._poll_database()

    async def _follow(self, protocol: Protocol) -> None:
        """Deliver the events of one index until another one is in use. Raises `StoreUnavailable`."""
        async with self._store.redis.listen(protocol.keys.changes) as next_message:
            self._connect(Rev(protocol.gate.epoch, await protocol.last_event()))
            # The condition is the gate rather than the lease: a lease that lapses on a busy machine misses no event. No
            # process writes past Redis before the gate changes, and a gap in the numbers shows a lost event.
            while self._store.gate_lease.gate == protocol.gate:
                message = await next_message(SILENCE_SECONDS)
                if message is None and await protocol.last_event() > self._rev.number:
                    message = await next_message(SILENCE_SECONDS)  # the message may have been in flight
                    if message is None:
                        lost = CacheUnavailable("Events were published but not received. Subscribing again.")
                        raise name_server(lost, self._store.redis.primary_name)
                if message is not None:
                    await self._receive(parse_event(self._store.workspace, protocol.gate.epoch, message))

    def _connect(self, rev: Rev) -> None:
        self._connected = True
        self._begun.set()
        log.info("feed connected", workspace=self._store.workspace, rev=str(rev))
        if rev != self._rev:
            self._resync(rev)

    async def _receive(self, event: FeedEvent) -> None:
        if event.rev.number <= self._rev.number:
            return
        if event.rev.number > self._rev.number + 1:
            log.warning(
                "feed missed events", workspace=self._store.workspace, after=str(self._rev), before=str(event.rev)
            )
            self._resync(event.rev)
            return
        if event.task is None and event.kind not in WITHOUT_TASK:
            event = await with_task(self._store, event)
        elif event.kind == "EXPIRED" and self._partial_followers:
            event = await with_expired_values(self._store, event)
        self._rev = event.rev
        self._deliver(event)

    def _resync(self, rev: Rev) -> None:
        self._rev = rev
        self._deliver(FeedEvent(rev, "RESYNC"))

    def _deliver(self, event: FeedEvent) -> None:
        self._event_log.add(event)
        self.counts.notify()

    async def _poll_database(self) -> None:
        """Without Redis, send a RESYNC when a write has drawn a token since one of the last two polls.

        The second poll covers writes that had drawn a token at the first, and committed later.
        """
        if self._connected:
            log.info("feed disconnected", workspace=self._store.workspace)
        self._connected = False
        with suppress(StoreUnavailable, DatabaseError):
            async with self._store.database.connection() as connection:
                token = await last_token(connection)
            if {token} != set(self._polled_tokens):
                self._deliver(FeedEvent(self._rev, "RESYNC"))
            self._polled_tokens.append(token)
        self._begun.set()
        for _ in range(round(POLL_INTERVAL_SECONDS / POLL_STEP_SECONDS)):
            await asyncio.sleep(POLL_STEP_SECONDS)
            if self._store.gate_lease.protocol is not None:
                return
