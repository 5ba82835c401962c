"""Tests workspaces on a real Redis cluster: where their keys are, a failover, and a slot that moves under load."""

import asyncio
from contextlib import AsyncExitStack, aclosing

import pytest
from redis.crc import key_slot

from cache.metrics import StoreMetrics
from cache.rates.limits import RateLimits, RatePolicy
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.redis.preflight import primaries_problems
from cache.redis.protocol import MarkedWrite
from cache.redis.removal import remove_keys
from cache.redis.shared_connection import MAX_IDLE_SECONDS
from cache.store import Store
from cache.writes import transaction
from db.caller import Caller
from db.pool import Database
from db.views import View
from tests.support.cluster_load import Load, check_all_indexes, process
from tests.support.consistency import check_indexes
from tests.support.gate_states import build_index
from tests.support.protocol_steps import LATER_TOKEN, TRANSACTION_LIMIT
from tests.support.redis_cluster import ClusterNode, RedisCluster
from tests.support.redis_state import protocol
from tests.support.store_client import StoreClient
from tests.support.store_factories import with_status
from tests.support.task_factories import new_task


def tags(node: ClusterNode) -> set[str]:
    """Return the hash tags of the keys on a node."""
    return {key.decode("latin-1").partition("}")[0].removeprefix("{") for key in node.run("KEYS", "*")}


async def test_each_workspace_is_on_the_node_of_its_slot(database_url: str, steady_cluster: RedisCluster) -> None:
    async with process(database_url, steady_cluster) as (workspaces, stores):
        assert await primaries_problems(workspaces.redis) == []
        limits = RateLimits(workspaces.redis, RatePolicy(points_per_minute=600), workspaces.metrics)
        for store in stores:
            await limits.allowance(Caller("a", store.workspace, frozenset())).spend(5)
            feed = (await workspaces.open(store.workspace)).feed
            async with aclosing(feed.subscribe()) as events:
                assert (await anext(events)).kind == "RESYNC"
                created = await StoreClient(store).create_task(new_task())
                event = await anext(events)
                assert (event.kind, event.id) == ("CREATED", created.id)
            load = Load(store)
            load.titles = ["A task"]
            await load.run(lambda: True)
            task = await StoreClient(store).update_task(created.id, {"title": "Newer", "status": "DONE"})
            page = await StoreClient(store).page(PageRange(5, view=View(status="DONE")))
            assert page.tasks == [task]
            assert load.degraded == 0
            await check_indexes(store)
        await limits.aclose()
        assert len({protocol(store).gate.redis_run_id for store in stores}) == len(stores)
        assert len({store.redis.scope for store in stores}) == len(stores)
        found = [tags(node) - {"default"} for node in steady_cluster.primaries]
        assert found == [{store.workspace} for store in stores]
        first = stores[0]
        assert await remove_keys(workspaces.redis.bound_to(first.workspace), first.workspace) > 0
        assert [tags(node) - {"default"} for node in steady_cluster.primaries] == [set(), *found[1:]]


@pytest.mark.parametrize("hangs", [False, True], ids=["killed", "hangs"])
async def test_replica_takes_the_place_of_a_primary(
    database_url: str, replicated_cluster: RedisCluster, *, hangs: bool
) -> None:
    """PostgreSQL answers for the workspaces of the lost shard. Workspaces of two shards notice nothing."""
    async with asyncio.timeout(120), process(database_url, replicated_cluster) as (workspaces, stores):
        affected, *others = stores
        primary, before = replicated_cluster.primaries[0], [protocol(store).gate for store in stores]
        loads = [Load(store) for store in stores]
        for load in loads:
            await load.step()
        names = {f"127.0.0.1:{node.port}" for node in replicated_cluster.primaries}
        assert workspaces.degraded_by_primary() == dict.fromkeys(names, 0)
        lost, degraded = f"127.0.0.1:{primary.port}", set[str]()

        def has_moved() -> bool:
            degraded.update(name for name, number in workspaces.degraded_by_primary().items() if number)
            found = affected.gate_lease.protocol
            return found is not None and found.gate.redis_run_id != before[0].redis_run_id

        if hangs:
            primary.suspend()
        else:
            primary.kill()
        async with asyncio.TaskGroup() as group:
            for load in loads:
                group.create_task(load.run(has_moved))
        if hangs:
            primary.resume()  # acts as the primary until another node tells it
            answers = iter(range(30))
            await loads[0].run(lambda: next(answers, None) is None)
            assert has_moved()
        assert [protocol(store).gate for store in others] == before[1:]
        assert [load.degraded for load in loads[1:]] == [0, 0]
        assert [load.refused for load in loads[1:]] == [0, 0]
        assert loads[0].degraded > 0
        # That of the new primary, while the index is built there.
        assert degraded
        assert degraded <= {lost, affected.redis.primary_name}
        assert workspaces.degraded_by_primary() == dict.fromkeys(names - {lost} | {affected.redis.primary_name}, 0)
        await check_all_indexes(stores)


async def test_slot_moves_under_load(database_url: str, cluster: RedisCluster) -> None:
    """Two processes use the workspace, and each must follow. The workspaces of all other slots notice nothing."""
    source, target = cluster.primaries[:2]
    async with AsyncExitStack() as stack, asyncio.timeout(120):
        (_, stores), (_, same) = [await stack.enter_async_context(process(database_url, cluster)) for _ in range(2)]
        before = [protocol(store).gate for store in stores]
        moving, *loads = [Load(store) for store in stores]
        slot = key_slot(moving.store.workspace.encode())
        for load in (moving, *loads):
            await load.step()

        async def move() -> None:
            cluster.begin_move(slot, source, target)
            await asyncio.sleep(0.3)
            await asyncio.to_thread(cluster.finish_move, slot, source, target)

        moved = asyncio.create_task(move())

        def is_back() -> bool:
            found = [store.gate_lease.protocol for store in (stores[0], same[0])]
            return moved.done() and all(one is not None and one.gate.epoch != before[0].epoch for one in found)

        async with asyncio.TaskGroup() as group:
            for load in (moving, *loads):
                group.create_task(load.run(is_back))
        await moved
        second = Load(same[0])
        second.titles = moving.titles
        await second.step()
        await moving.step()
        assert protocol(stores[0]).gate.redis_run_id == before[1].redis_run_id
        assert (await same[0].redis.primary()).name == f"127.0.0.1:{target.port}"
        assert [protocol(store).gate for store in stores[1:]] == before[1:]
        assert [(load.degraded, load.refused) for load in loads] == [(0, 0), (0, 0)]
        await check_all_indexes(stores)


async def test_publish_that_a_move_interrupts_raises_rev(database: Database, cluster: RedisCluster) -> None:
    """The node still has the keys of the index, but no longer the counter of the feed, so the script stops halfway."""
    source, target = cluster.primaries[:2]
    async with Redis(cluster.url) as redis:
        store = Store(database, redis, StoreMetrics(), cluster.workspace_on(source))
        await build_index(store)
        task = await StoreClient(store).create_task(new_task())
        current, slot = protocol(store), key_slot(store.workspace.encode())
        write = MarkedWrite(LATER_TOKEN, with_status(task, "DONE"))
        await current.mark([write], transaction=TRANSACTION_LIMIT)
        before = await current.check_page()
        cluster.begin_move(slot, source, target)
        source.run("MIGRATE", "127.0.0.1", target.port, current.keys.changes, 0, 5000)
        # The write has committed, so the service acknowledges it. The gate must close, also if no read follows.
        await transaction._publish(store, current, [write])
        assert store.gate_lease.lost_index is not None
        assert (await current.check_page()).rev > before.rev


async def test_requests_that_need_no_index_follow_a_moved_slot(cluster: RedisCluster) -> None:
    source, target = cluster.primaries[:2]
    workspace = cluster.workspace_on(source)
    key, slot = f"{{{workspace}}}:key", key_slot(workspace.encode())
    async with Redis(cluster.url) as redis:
        bound = redis.bound_to(workspace)
        await bound.send([("SET", key, 1)])
        limits = RateLimits(redis, RatePolicy(points_per_minute=600), StoreMetrics())
        await limits.allowance(Caller("a", workspace, frozenset())).spend(1)
        cluster.begin_move(slot, source, target)
        cluster.finish_move(slot, source, target)
        await limits.allowance(Caller("b", workspace, frozenset())).spend(1)
        assert limits._retry_at == {}
        await limits.aclose()
        assert await bound.send([("INCR", key)]) == [2]
        assert (await bound.primary()).name == f"127.0.0.1:{target.port}"


async def test_idle_connection_is_not_kept(steady_cluster: RedisCluster) -> None:
    """A node may be a replica, and a primary again, while nothing is sent to it."""
    async with Redis(steady_cluster.url) as redis:
        numbers = []
        for pause in (0.0, 0.0, 2.5 * MAX_IDLE_SECONDS):
            await asyncio.sleep(pause)
            numbers += await redis.read([("CLIENT", "ID")])
        assert numbers[0] == numbers[1] != numbers[2]
