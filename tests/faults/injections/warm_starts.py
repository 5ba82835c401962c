"""Warm starts while clients write the tasks that are loaded: one is killed midway, and two load at once."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from uuid import UUID

from cache.maintenance.warm_plan import WarmBudget
from cache.maintenance.warm_start import WarmStart
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.keys import VIEWS
from cache.store import Store
from db.pool import Database
from db.usage import RequestedPage
from schema.ids import new_id
from tests.faults.cluster import Cluster
from tests.faults.fault import RECOVERY_TIMEOUT_SECONDS, Run
from tests.faults.injections.redis import delete_key_of_current_index
from tests.faults.node import Node, Setup
from tests.faults.views import Values
from tests.support.gate_states import gate_watchers, wait_until
from tests.support.requests_recorded import record_requested

# Tasks that make a warm start long, and a budget of one batch of them in two seconds.
FILLER_TASKS = 150
SLOWLY = {"MILLITASK_WARM_COMMANDS_PER_SECOND": "250"}
SETUP = Setup(environments=(SLOWLY, SLOWLY))
# So long, tasks are loaded twice at once, without a lock.
# This budget needs no pauses. A busy process makes long ones.
SECONDS_AT_ONCE = 8.0
AT_ONCE = WarmBudget(1_000_000, 1.0)
WARMED = re.compile(r"^millitask_warmed_total (\S+)$", re.MULTILINE)


async def alternate(run: Run) -> None:
    """Alternate between a warm start that is killed midway and two at once."""
    await record_wanted(run)
    await (load_twice_at_once(run) if run.injected % 2 else kill_midway(run))


async def record_wanted(run: Run) -> None:
    """Record that clients requested every page, and the tasks of the workload between those of the filler."""
    if not run.filler_ids:
        filler = run.workload.clients[0].clone("filler", "")
        run.filler_ids += [str(new_id()) for _ in range(FILLER_TASKS)]
        await filler.create_many(0, run.filler_ids, Values("TODO"), None)
    ids = list(run.filler_ids)
    for id_ in run.workload.ids:
        ids.insert(run.random.randrange(len(ids)), id_)
    counts = zip(map(UUID, ids), count(len(ids), -1), strict=False)
    pages = [RequestedPage(status, "NEWEST", 20, 0, len(ids) // 2) for status in VIEWS]
    async with Database(run.cluster.database_url) as database:
        await record_requested(database, dict(counts), *pages)


async def kill_midway(run: Run) -> None:
    """Empty Redis, and kill the worker that loads tasks again. Another one, or its successor, loads them."""
    epoch = await delete_key_of_current_index(run, "")
    emptied = time.monotonic()
    node = await _wait_for_began(run, epoch)
    await asyncio.sleep(run.random.uniform(0.0, 2.0))
    run.begin_outage(node)
    node.kill_worker()
    await run.wait_for_node(node)
    async with asyncio.timeout(RECOVERY_TIMEOUT_SECONDS):
        while not list(_nodes_with(run, "warm start ended", epoch)):  # noqa: ASYNC110 (another process changes it)
            await asyncio.sleep(0.05)
    run.measure("warm again, s", time.monotonic() - emptied)


async def _wait_for_began(run: Run, after_epoch: int) -> Node:
    """Return the process of the latest warm start, once one has begun on an index after an epoch."""
    async with asyncio.timeout(RECOVERY_TIMEOUT_SECONDS):
        while True:
            began = list(_nodes_with(run, "warm start began", after_epoch))
            if began:
                return began[-1]
            await asyncio.sleep(0.02)


def _nodes_with(run: Run, event: str, after_epoch: int) -> Iterator[Node]:
    """Yield the process of each line with this event on an index after an epoch."""
    for node in run.cluster.nodes:
        for line in node.log_lines():
            if event in line and json.loads(line)["epoch"] > after_epoch:
                yield node


async def load_twice_at_once(run: Run) -> None:
    """Load the same tasks twice at once, again and again, without the lock that prevents it. Entries are evicted."""
    async with _store(run) as one, _store(run) as two:
        until = time.monotonic() + SECONDS_AT_ONCE
        while time.monotonic() < until:
            await asyncio.gather(_load(one), _load(two))


@asynccontextmanager
async def _store(run: Run) -> AsyncIterator[Store]:
    """Yield a store of this process on the stores of the cluster, once it uses Redis."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database(run.cluster.database_url))
        redis = await stack.enter_async_context(Redis(f"unix://{run.cluster.redis.socket}"))
        store = Store(database, redis, StoreMetrics())
        await stack.enter_async_context(gate_watchers(store))
        await wait_until(lambda: store.gate_lease.protocol is not None)
        yield store
        await store.fills.drain()


async def _load(store: Store) -> None:
    protocol = store.gate_lease.protocol
    if protocol is not None:
        async with store.database.connection() as connection:
            await WarmStart(store, protocol, AT_ONCE, connection).run()


async def clean_up(run: Run) -> None:
    """Delete the tasks of the filler. Report if the processes have loaded nothing: then the case has shown nothing."""
    cleaner = run.workload.clients[0].clone("cleaner", "")
    await cleaner.delete_many(0, dict.fromkeys(run.filler_ids, 1), all_or_none=False)
    if not await warmed_tasks(run.cluster):
        run.violations.append("no warm start has loaded a task")


async def warmed_tasks(cluster: Cluster) -> float:
    """Return how many tasks the warm starts of all processes have loaded since these started."""
    texts = [(await cluster.http.get(f"{node.url}/metrics")).text for node in cluster.nodes]
    return sum(float(match[1]) for text in texts if (match := WARMED.search(text)))
