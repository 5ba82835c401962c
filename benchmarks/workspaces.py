"""Suite `workspaces`: what many workspaces cost a worker, and how soon an idle one is in use."""

import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import LiteralString

import psycopg

from api.config.settings import Settings
from api.devstores import EmbeddedStores, StoreUrls
from api.process import logs
from benchmarks.report import Report, median_ms
from cache.metrics import StoreMetrics
from cache.reads.pages import read_page
from cache.reads.session import Session
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.workspaces import Workspaces
from db.migrations import migrate
from db.pool import Database

# Of all workspaces, the first are in use. Each of them has 1,000 tasks, and so has each that is opened later.
IN_USE, OPENED, TASKS, FEW_TASKS = 100, 20, 1_000, 10
INDEX_IDLE_SECONDS = 3600
SECONDS = 20.0
USE_SECONDS = 1.0
FILL_WORKSPACES: LiteralString = "INSERT INTO workspace SELECT 'w' || n, 'W' FROM generate_series(1, %(count)s) AS n"
FILL_TASKS: LiteralString = """
    INSERT INTO task (workspace_id, id, title, description, words_version)
    SELECT 'w' || w, uuidv7(), 'Task ' || n, repeat('x', 100), 1
    FROM generate_series(%(first)s::int, %(last)s) AS w, generate_series(1, %(tasks)s) AS n
"""


def fill(url: str, count: int) -> None:
    """Create the workspaces with their tasks."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(FILL_WORKSPACES, {"count": count})
        large = IN_USE + OPENED
        connection.execute(FILL_TASKS, {"first": 1, "last": large, "tasks": TASKS})
        connection.execute(FILL_TASKS, {"first": large + 1, "last": count, "tasks": FEW_TASKS})
        connection.execute("VACUUM ANALYZE")


def resident_bytes() -> int:
    """Return the resident memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Load:
    """Uses workspaces once a second, as a request does before it reads."""

    def __init__(self, workspaces: Workspaces, ids: list[str]) -> None:
        self._workspaces = workspaces
        self._ids = ids

    async def use_for(self, seconds: float) -> tuple[float, float]:
        """Return the CPU time as a share of one core, and the statements of PostgreSQL per second."""
        began, cpu, queries = time.monotonic(), time.process_time(), self._workspaces.metrics.sql_queries
        while time.monotonic() - began < seconds:
            for id_ in self._ids:
                await self._workspaces.open(id_)
            await asyncio.sleep(USE_SECONDS)
        took = time.monotonic() - began
        return (time.process_time() - cpu) / took, (self._workspaces.metrics.sql_queries - queries) / took


async def wait_until_used(workspaces: Workspaces) -> None:
    """Wait until every open workspace has its index in use."""
    while workspaces.degraded:  # noqa: ASYNC110 (no event is set)
        await asyncio.sleep(0.01)


async def measure_background(report: Report, workspaces: Workspaces) -> None:
    """Measure CPU time, memory and queries with one workspace in use and with a hundred."""
    await wait_until_used(workspaces)
    ids = [f"w{number}" for number in range(1, IN_USE + 1)]
    await asyncio.sleep(2)
    alone, alone_queries = await Load(workspaces, ["default"]).use_for(SECONDS)
    memory = resident_bytes()
    for id_ in ids:
        await workspaces.open(id_)
    began = time.monotonic()
    await wait_until_used(workspaces)
    report.add(f"{IN_USE} workspaces of {TASKS:,} tasks opened at once, until in use", time.monotonic() - began, "s")
    share, queries = await Load(workspaces, ids).use_for(SECONDS)
    report.add(f"background CPU, {IN_USE} of {report.count:,} workspaces in use", 100 * share, "%", "≤ 3")
    report.add("background CPU, one in use", 100 * alone, "%")
    report.add("additional memory", (resident_bytes() - memory) / 2**20, "MiB", "≤ 50")
    report.add(f"statements per second, {IN_USE} in use", queries, "")
    report.add("statements per second, one in use", alone_queries, "")


async def measure_first_use(report: Report, workspaces: Workspaces) -> None:
    """Measure the first page of idle workspaces, and the time until their indexes are in use."""
    pages, until = [], []
    for number in range(IN_USE + 1, IN_USE + OPENED + 1):
        began = time.perf_counter()
        store = (await workspaces.open(f"w{number}")).store
        page = await read_page(Session(store), PageRange(50))
        pages.append(time.perf_counter() - began)
        assert len(page.tasks) == 50
        while store.gate_lease.protocol is None:  # noqa: ASYNC110 (no event is set)
            await asyncio.sleep(0.005)
        until.append(time.perf_counter() - began)
    report.add(f"first page of an idle workspace of {TASKS:,} tasks, p50", median_ms(pages), "ms", "≤ 50")
    report.add("the same, slowest", 1000 * max(pages), "ms", "≤ 50")
    report.add("until its index is in use, p50", median_ms(until), "ms", "≤ 1,000")
    report.add("the same, slowest", 1000 * max(until), "ms", "≤ 1,000")


async def measure(report: Report, urls: StoreUrls) -> None:
    """Run what a worker runs, and measure it."""
    metrics = StoreMetrics()
    database = Database(urls.database_url, count=metrics.count_query)
    redis = Redis(urls.redis_url, count=metrics.count_round_trip)
    async with Workspaces(database, redis, metrics, index_idle_seconds=INDEX_IDLE_SECONDS) as workspaces:
        await measure_background(report, workspaces)
        await measure_first_use(report, workspaces)


def run(report: Report) -> None:
    """Run all measurements. `count` of the report is the number of workspaces."""
    logs.configure(Settings(log_level="critical"))
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database_url=None, redis_url=None, data_dir=Path(folder))
        with EmbeddedStores(settings) as urls:
            migrate(urls.database_url)
            fill(urls.database_url, report.count)
            asyncio.run(measure(report, urls))
