"""The lease of one process on the gate: what it records of failures, and which protocol it returns."""

import asyncio

import pytest
from structlog.testing import capture_logs

from cache.errors import CacheUnavailable, IndexLost, OtherRedis, RedisFull
from cache.gate.lease import FOREIGN_INDEXES, GATE_LEASE_SECONDS, GateLease, clock
from cache.gate.watcher import check_gate
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.store import Store
from db.gate import Gate, GateState
from db.pool import Database
from tests.support.gate_states import committed_gate, gate_watchers, wait_until
from tests.support.redis_state import protocol


async def test_protocol_of_the_same_gate_is_the_same(store: Store) -> None:
    """Requests share the check of a cached page only on the same protocol."""
    lease, before = store.gate_lease, protocol(store)
    lease.observe_gate(await committed_gate(store), clock() + 3600)
    assert protocol(store) is before
    other = Gate("on", before.gate.epoch + 1, before.gate.redis_run_id)
    assert lease.protocol_for(other).gate == other
    assert lease.protocol_for(before.gate) is before


async def test_reads_use_redis_only_with_a_valid_lease_and_while_redis_answers(store: Store) -> None:
    """R1. Each of the two conditions alone must be enough to fall back to PostgreSQL."""
    lease, found = store.gate_lease, protocol(store)
    protocols = []
    for seconds, redis_answers in ((-GATE_LEASE_SECONDS, True), (3600, True), (3600, False)):
        lease.observe_gate(found.gate, clock() + seconds)
        lease.redis_answers = redis_answers
        protocols.append(lease.protocol)
    assert protocols == [None, found, None]


async def test_index_is_too_large_only_while_its_epoch_is_not_replaced(store: Store) -> None:
    lease, gate = store.gate_lease, protocol(store).gate
    later = gate.epoch + 1
    states: list[tuple[GateState, int]] = [("off", gate.epoch), ("on", gate.epoch), ("off", later), ("on", later)]
    lease.record_failure(gate.epoch, CacheUnavailable())
    too_large = [lease.index_too_large]
    lease.record_failure(gate.epoch, RedisFull())
    for state, epoch in states:
        lease.observe_gate(Gate(state, epoch, gate.redis_run_id), clock())
        too_large.append(lease.index_too_large)
    assert too_large == [False, True, True, True, False]


@pytest.mark.parametrize("error", [IndexLost(), CacheUnavailable()])
async def test_closing_is_logged_as_a_warning(store: Store, error: IndexLost | CacheUnavailable) -> None:
    store.gate_lease.wake_up_event.clear()
    with capture_logs() as logs:
        assert await store.gate_lease.close(protocol(store).gate.epoch, error)
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("gate closed", "warning")]
    assert store.metrics.closings == 1
    assert store.gate_lease.wake_up_event.is_set()


async def test_first_closing_after_a_restart_with_another_redis_is_no_warning(
    database: Database, redis: Redis, store: Store
) -> None:
    lease, epoch = GateLease(database, redis, StoreMetrics(), store.workspace), protocol(store).gate.epoch
    with capture_logs() as logs:
        assert await lease.close(epoch, OtherRedis())
        async with database.connection() as connection:
            await connection.raw.execute("UPDATE gate SET state = 'on'")
        assert await lease.close(epoch, OtherRedis())
    assert [entry["log_level"] for entry in logs] == ["info", "warning"]


async def test_service_with_another_redis_is_named_after_some_closings(
    database: Database, redis: Redis, store: Store
) -> None:
    lease, epoch = GateLease(database, redis, StoreMetrics(), store.workspace), protocol(store).gate.epoch
    with capture_logs() as logs:
        for _ in range(FOREIGN_INDEXES + 2):
            assert await lease.close(epoch, OtherRedis())
            async with database.connection() as connection:
                await connection.raw.execute("UPDATE gate SET state = 'on', closings = 0")
    named = [number for number, entry in enumerate(logs) if entry["event"] == "another service uses another Redis"]
    assert named == [FOREIGN_INDEXES]  # behind that many lines of closings, and once


async def test_redis_is_not_used_before_the_watcher_has_checked_it(store: Store) -> None:
    new = GateLease(store.database, store.redis, StoreMetrics(), store.workspace)
    new.observe_gate(protocol(store).gate, clock() + 3600)
    assert new.protocol is None


@pytest.mark.parametrize("lost", [True, False])
async def test_watcher_checks_the_index_before_redis_is_used(store: Store, lost: bool) -> None:
    new, rev = GateLease(store.database, store.redis, StoreMetrics(), store.workspace), protocol(store).keys.rev
    if lost:
        await store.redis.client.delete(rev)
    async with store.database.connection() as connection:
        await check_gate(new, connection, None)
    assert (await committed_gate(store)).state == ("closing" if lost else "on")
    assert new.redis_answers is not lost


async def test_watcher_rests_between_its_rounds(store: Store) -> None:
    rounds, observe = 0, store.gate_lease.observe_gate

    def count(observed: Gate, sent_at: float) -> None:
        nonlocal rounds
        rounds += 1
        observe(observed, sent_at)

    store.gate_lease.observe_gate = count  # type: ignore[method-assign]
    began = clock()
    async with gate_watchers(store):
        store.gate_lease.wake_up()
        await asyncio.sleep(1)
        await wait_until(lambda: rounds > 0)
    # Four rounds in a second, and one after the wake-up.
    assert rounds <= 4 + 4 * (clock() - began)


@pytest.mark.parametrize(
    ("error", "answers", "is_lost"),
    [(CacheUnavailable(), False, False), (IndexLost(), True, True), (OtherRedis(), False, True)],
)
async def test_failed_read_bypasses_redis_unless_only_its_index_is_lost(
    store: Store, error: IndexLost | CacheUnavailable, answers: bool, is_lost: bool
) -> None:
    lease, epoch = store.gate_lease, protocol(store).gate.epoch
    lease.record_read_failure(epoch, error)
    assert (lease.redis_answers, lease.lost_index) == (answers, (epoch, error) if is_lost else None)
