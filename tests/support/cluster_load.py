"""A process with a workspace on each primary of a Redis cluster, and a load on a workspace that checks its answers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from cache.errors import StoreUnavailable
from cache.maintenance.scrub import scrub_all
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.store import Store
from cache.workspaces import Workspaces
from db.pool import Database
from tests.support.consistency import check_indexes
from tests.support.gate_states import wait_until
from tests.support.redis_cluster import RedisCluster
from tests.support.redis_state import protocol
from tests.support.store_client import StoreClient
from tests.support.task_factories import new_task


@asynccontextmanager
async def process(database_url: str, cluster: RedisCluster) -> AsyncIterator[tuple[Workspaces, list[Store]]]:
    """Run what a process runs. Yields a workspace on each primary, with its index in use."""
    metrics = StoreMetrics()
    redis = Redis(cluster.url, read_timeout=2.0, count=metrics.count_round_trip)
    async with Workspaces(Database(database_url, count=metrics.count_query), redis, metrics) as workspaces:
        names = [cluster.workspace_on(node) for node in cluster.primaries]
        stores = [(await workspaces.open(name)).store for name in names]
        await wait_until(lambda: all(store.gate_lease.protocol is not None for store in stores))
        yield workspaces, stores


class Load:
    """Creates tasks in a workspace and reads its page, without a pause.

    Every page must have every task whose creation was acknowledged, whatever answers it.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.titles: list[str] = []
        self.refused = 0
        self.degraded = 0

    async def run(self, done: Callable[[], bool]) -> None:
        """Run until `done`, and then one more round."""
        finished = False
        while not finished:
            finished = done()
            await self.step()
            await asyncio.sleep(0.01)

    async def step(self) -> None:
        """Create a task, and read."""
        title = f"Task {len(self.titles) + self.refused}"
        try:
            await StoreClient(self.store).create_task(new_task(title=title))
        except StoreUnavailable:
            self.refused += 1
        else:
            self.titles.insert(0, title)
        request = StoreClient(self.store)
        page = await request.page(PageRange(1000))
        assert [task.title for task in page.tasks] == self.titles
        assert page.total == len(self.titles)
        self.degraded += request.degraded


async def check_all_indexes(stores: list[Store]) -> None:
    """Scrub what a rebuild has left to the scrub, and compare the indexes with the rows."""
    for store in stores:
        await scrub_all(store, protocol(store))
        await check_indexes(store)
