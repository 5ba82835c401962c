"""The watcher: every process reads the gates of its open workspaces in one query and advances their states when due."""

import asyncio
import math
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any

import structlog

from cache.errors import CacheUnavailable, IndexLost
from cache.gate.closing import CLOSING_MARGIN_SECONDS, SeenClosing, has_closed, seen_closing
from cache.gate.lease import GATE_LEASE_SECONDS, OTHER_HISTORY, READY_TIMEOUT_SECONDS, GateLease, clock
from cache.gate.outage import Outage
from cache.metrics import StoreMetrics
from db import gate
from db.connection import Connection
from db.errors import DatabaseError, ServerEnded, UnfitDatabase, explain
from db.gate import NEVER_BUILT, Gate
from db.idle_gates import record_use
from db.pool import Database
from db.server import queue_identity

log = structlog.get_logger(__name__)

WATCH_INTERVAL_SECONDS = 0.25


class GateWatcher:
    """Watches the gates of any number of workspaces, on a connection that no reader can take.

    index_idle_seconds: how long no process may use a workspace before its index is dropped; 0 means never.
    """

    def __init__(
        self, database: Database, index_idle_seconds: float = 0.0, metrics: StoreMetrics | None = None
    ) -> None:
        self._database = database
        self._metrics = metrics or StoreMetrics()
        self._record_seconds = index_idle_seconds / 4
        self._leases: dict[GateLease, SeenClosing | None] = {}
        self._follow_ups: dict[GateLease, asyncio.Task[None]] = {}
        self._recordings: set[asyncio.Task[None]] = set()
        self._wake_up = asyncio.Event()
        self._outage = Outage()
        self._answered_at = -READY_TIMEOUT_SECONDS
        database.server.watch(self._wake_up.set)

    @property
    def ready(self) -> bool:
        """Whether PostgreSQL has answered recently, so that this process can answer requests."""
        return clock() - self._answered_at < READY_TIMEOUT_SECONDS

    def add(self, lease: GateLease) -> None:
        """Watch the gate of a lease, from now on."""
        lease.wake_up_event = self._wake_up
        self._leases.setdefault(lease, None)
        lease.wake_up()

    def remove(self, lease: GateLease) -> None:
        """Stop watching the gate of a lease, which then ends by itself."""
        self._leases.pop(lease, None)

    async def run(self) -> None:
        """Watch for the lifetime of the process."""
        try:
            while True:
                next_at = clock() + WATCH_INTERVAL_SECONDS  # also if its connections lead to one server after another
                try:
                    async with self._database.dedicated_connection() as connection:
                        await self._adopt(connection)
                        await self._watch(connection)
                except DatabaseError as error:
                    self._outage.report(error)
                await asyncio.sleep(max(0.0, next_at - clock()))
        finally:
            self._database.server.adopt(None)
            for task in (*self._follow_ups.values(), *self._recordings):
                task.cancel()

    async def _adopt(self, connection: Connection) -> None:
        """H1: use this server from now on. After another one, or a loss, wait until no process has a lease from before.

        Until then other processes may read from Redis what this server has lost, so none of its answers may be used.
        """
        server = self._database.server
        if (start := connection.raw.server_start) is None:
            raise UnfitDatabase("This PostgreSQL is a replica and refuses writes. Nothing was changed. Try again.")
        if start == server.ended:
            raise ServerEnded
        if server.start not in (None, start):
            server.leave()
            name = connection.raw.server_name
            log.warning("PostgreSQL was replaced", before=server.start, now=start, server=name, reason=OTHER_HISTORY)
            self._metrics.server_changes += 1
        if server.is_left:
            await self._outlive_leases(connection)
        server.adopt(start)

    async def _outlive_leases(self, connection: Connection) -> None:
        """End the leases of this process, and wait until no other process has one from before."""
        until = clock() + GATE_LEASE_SECONDS + CLOSING_MARGIN_SECONDS
        while clock() < until:
            for lease in self._leases:
                lease.end()
            await self._read(connection, [*self._leases])
            await asyncio.sleep(min(WATCH_INTERVAL_SECONDS, max(0.0, until - clock())))

    async def _watch(self, connection: Connection) -> None:
        """Read all gates in each round, and those of `GateLease.wake_up` at once, while all agree on the server."""
        round_at = clock()
        while not self._database.server.contested:
            self._wake_up.clear()
            if clock() >= round_at:
                due, round_at = list(self._leases), clock() + WATCH_INTERVAL_SECONDS
                self._record_use(due)
            else:
                due = [lease for lease in self._leases if lease.woken]
            await self._read(connection, due)
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, round_at - clock())):
                    await self._wake_up.wait()

    def _record_use(self, leases: Sequence[GateLease]) -> None:
        """Record the workspaces in use, each once in a quarter of the time after which its index is dropped.

        In a task and on another connection: a commit can wait for a replica, but the leases must not.
        """
        now, used = clock(), list[GateLease]()
        for lease in leases:
            if lease.touched:
                lease.touched, lease.used_at = False, now
            if self._record_seconds and lease.used_at >= lease.recorded_at + self._record_seconds:
                lease.recorded_at = now
                used.append(lease)
        if used:
            task = asyncio.create_task(self._record(used))
            self._recordings.add(task)
            task.add_done_callback(self._recordings.discard)

    async def _record(self, leases: Sequence[GateLease]) -> None:
        try:
            async with self._database.connection() as connection:
                await record_use(connection, [lease.workspace for lease in leases])
        except DatabaseError as error:
            log.warning("cannot record the use of workspaces", reason=explain(error))
            for lease in leases:
                lease.recorded_at = -math.inf

    async def _read(self, connection: Connection, leases: Sequence[GateLease]) -> None:
        """G1: renew these leases from one query, and begin what follows. One workspace delays no other."""
        for lease in leases:
            lease.woken = False
        sent_at = clock()
        identity = queue_identity(connection)
        found = await gate.read_gates(connection, [lease.workspace for lease in leases])
        if not self._database.server.confirm(connection.raw, identity):
            return
        self._answered_at = sent_at
        self._outage.end()
        expired: dict[str, int] = {}
        for lease in leases:
            seen_gate = found.get(lease.workspace, NEVER_BUILT)
            lease.observe_gate(seen_gate, sent_at)
            if lease not in self._leases:
                continue
            self._leases[lease] = seen = seen_closing(seen_gate, self._leases[lease])
            if seen_gate.other_history and lease.ended_epoch != seen_gate.epoch and lease not in self._follow_ups:
                if lease.has_used(seen_gate.epoch):
                    self._database.server.reconsider()
                self._begin(lease, lease.end_index(seen_gate, connection.raw.server_start))
            if seen is not None and has_closed(seen) and lease not in self._follow_ups:
                expired[lease.workspace] = seen_gate.epoch
            if seen_gate.state == "on" and lease not in self._follow_ups:
                self._follow(lease, seen_gate)
            else:
                lease.observed.set()
        await self._switch_off(connection, expired, leases)

    def _follow(self, lease: GateLease, found: Gate) -> None:
        """Check Redis and report a lost index in a task, if anything is to be checked or reported."""
        if lease.redis_answers and lease.lost_index is None:
            lease.use_redis(found.epoch)
            lease.observed.set()
            return
        self._begin(lease, self._check(lease, found))

    def _begin(self, lease: GateLease, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._follow_ups[lease] = task
        task.add_done_callback(lambda _: self._follow_ups.pop(lease, None))

    async def _check(self, lease: GateLease, found: Gate) -> None:
        try:
            await check_redis(lease, found)
        except DatabaseError as error:  # the next round tries again
            log.warning("cannot close the gate", workspace=lease.workspace, reason=explain(error))
        except Exception:
            log.exception("cannot check Redis", workspace=lease.workspace)
        finally:
            lease.observed.set()

    @staticmethod
    async def _switch_off(connection: Connection, expired: dict[str, int], leases: Sequence[GateLease]) -> None:
        """G3: switch off the gates that have been closing for longer than any lease."""
        switched = await gate.switch_gates_off(connection, expired) if expired else set[str]()
        for lease in leases:
            if lease.workspace in switched:
                log.info("gate off", workspace=lease.workspace, epoch=expired[lease.workspace])
                lease.wake_up()


async def check_gate(lease: GateLease, connection: Connection, seen: SeenClosing | None) -> SeenClosing | None:
    """Read one gate once, and switch it off when it has been closing for longer than any lease.

    `seen` is the closing gate and the time at which this process first read it. Returns the value for the next call.
    """
    sent_at = clock()
    found = await gate.read_gate(connection, lease.workspace)
    lease.observe_gate(found, sent_at)
    seen = seen_closing(found, seen)
    if seen is not None and has_closed(seen) and await gate.switch_off(connection, lease.workspace, found.epoch):
        log.info("gate off", workspace=lease.workspace, epoch=found.epoch)
        lease.wake_up()
    if found.state == "on":
        await check_redis(lease, found)
    return seen


async def check_redis(lease: GateLease, found: Gate) -> None:
    """Check whether Redis answers again after a failure, and close the gate if the index was reported lost."""
    try:
        if not lease.redis_answers:
            await lease.protocol_for(found).check()
            lease.closed_run_id = ""
        lease.use_redis(found.epoch)
    except IndexLost as error:
        lease.lost_index = (found.epoch, error)
    except CacheUnavailable as error:
        lease.bypass_redis(found.epoch, error)
        return
    if (lost := lease.lost_index) is not None:
        if lost[0] == found.epoch:
            await lease.close(*lost)  # if this raises, the next round tries again
        if lease.lost_index is lost:
            lease.lost_index = None
