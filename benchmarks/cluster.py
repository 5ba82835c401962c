"""Suite `cluster`: a page on a Redis cluster and on a single Redis, and how soon the index of a lost shard is back."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import LiteralString

import psycopg

from api.config.settings import Settings
from api.devstores import EmbeddedStores
from api.process import logs
from benchmarks.report import Report
from benchmarks.service import Service, page_cache_setting, page_cpu_ms
from cache.metrics import StoreMetrics
from cache.reads.pages import read_page
from cache.reads.session import Session
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.store import Store
from cache.workspaces import Workspaces
from db.migrations import migrate
from db.pool import Database
from tests.support.redis_cluster import RedisCluster, redis_cluster

ROUNDS, REQUESTS, PAGE_TASKS = 5, 1000, 20_000
READ_PAUSE_SECONDS = 0.005
MEMORY = "1gb"
FILL: LiteralString = """
    INSERT INTO task (workspace_id, id, title, description, words_version)
    SELECT %(workspace)s, uuidv7(), 'Task ' || n, repeat('x', 100), 1 FROM generate_series(1, %(tasks)s) AS n
"""


def measure_page(report: Report, folder: Path, cluster: RedisCluster) -> None:
    """Measure the CPU time of a warm page in the worker, in alternation."""
    # The same page is read over and over, so a page cache would answer it.
    cache = page_cache_setting(0)
    single = Service(folder / "single", variables=cache)
    sharded = Service(folder / "sharded", variables=cache | {"REDIS_URL": cluster.url})
    with single.running(), sharded.running():
        for service in (single, sharded):
            service.load(PAGE_TASKS, folder / "summary.json")
            service.wait_for_index()
        page = PAGE_TASKS // 100  # a page in the middle of the list
        rounds = [page_cpu_ms([(sharded, page), (single, page)], REQUESTS) for _ in range(ROUNDS)]
    report.add("CPU of a warm page, cluster", statistics.median(many for many, _ in rounds), "ms")
    report.add("CPU of a warm page, single Redis", statistics.median(one for _, one in rounds), "ms")
    ratios = [many / one for many, one in rounds]
    report.add(f"cluster ÷ single Redis, median of {ROUNDS} rounds", statistics.median(ratios), "×", "≤ 1.1")


class Reads:
    """Reads the first page of a workspace again and again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.number = self.failed = self.degraded = 0
        self.slowest = 0.0

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            began, session = time.monotonic(), Session(self._store)
            try:
                await read_page(session, PageRange(50))
            except Exception:
                self.failed += 1
            self.number += 1
            self.degraded += session.cache.degraded
            self.slowest = max(self.slowest, time.monotonic() - began)
            await asyncio.sleep(READ_PAUSE_SECONDS)


async def measure_failover(report: Report, database_url: str, cluster: RedisCluster) -> None:
    """Kill the primary of a workspace with all tasks, while this one and two others are read."""
    metrics = StoreMetrics()
    names = [cluster.workspace_on(node) for node in cluster.primaries]
    async with Workspaces(Database(database_url), Redis(cluster.url), metrics) as workspaces:
        stores = [(await workspaces.open(name)).store for name in names]
        while workspaces.degraded:  # noqa: ASYNC110 (no event is set)
            await asyncio.sleep(0.01)
        reads = [Reads(store) for store in stores]
        running = [asyncio.create_task(each.run()) for each in reads]
        await asyncio.sleep(1)
        gate, replica = stores[0].gate_lease.gate, cluster.replicas[0]
        cluster.primaries[0].kill()
        killed = time.monotonic()
        while not await asyncio.to_thread(lambda: replica.is_primary):  # noqa: ASYNC110 (no event is set)
            await asyncio.sleep(0.02)
        promoted = time.monotonic()
        while stores[0].gate_lease.protocol is None or stores[0].gate_lease.gate == gate:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        back = time.monotonic()
        for task in running:
            task.cancel()
    report.add("primary killed until its replica is promoted", promoted - killed, "s")
    report.add(f"until the index of {report.count:,} tasks is in use again", back - killed, "s")
    report.add("from the promotion until the index is in use", back - promoted, "s", "≤ 10")
    report.add("of that, the rebuild", metrics.rebuild_seconds, "s")
    report.add(f"failed reads of {sum(each.number for each in reads):,}", sum(each.failed for each in reads), "", "0")
    report.add("slowest read of the lost shard", 1000 * reads[0].slowest, "ms")
    report.add("reads of other shards that PostgreSQL answered", sum(each.degraded for each in reads[1:]), "", "0")


def run(report: Report) -> None:
    """Run all measurements. `count` of the report is the number of tasks of the lost shard."""
    logs.configure(Settings(log_level="critical"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "cluster").mkdir()
        with redis_cluster(folder / "cluster", replicas=True) as cluster:
            for node in cluster.nodes:
                node.run("CONFIG", "SET", "maxmemory", MEMORY)
            measure_page(report, folder, cluster)
            settings = Settings(database_url=None, redis_url=None, data_dir=folder / "stores")
            with EmbeddedStores(settings) as urls:
                migrate(urls.database_url)
                _fill(urls.database_url, cluster, report.count)
                asyncio.run(measure_failover(report, urls.database_url, cluster))


def _fill(url: str, cluster: RedisCluster, count: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for node, tasks in zip(cluster.primaries, (count, 1000, 1000), strict=True):
            workspace = cluster.workspace_on(node)
            connection.execute("INSERT INTO workspace VALUES (%s, 'W')", [workspace])
            connection.execute(FILL, {"workspace": workspace, "tasks": tasks})
        connection.execute("VACUUM ANALYZE")
