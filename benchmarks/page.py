"""Suite `page`: pages of tasks compared with other servers, by their number, cold, and next to writes.

Every row of the table runs on one service with embedded stores, and in one run. Contenders take turns in each round,
and a ratio is the median of the ratios of the rounds. docs/how-to/benchmark.md describes the rows.
"""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import httpx

from benchmarks.page_rows.costs import measure_cold, measure_memory, measure_page_number, measure_single_updates
from benchmarks.page_rows.load_and_rebuild import load_tasks, measure_rebuild, report_start
from benchmarks.page_rows.plan import WARM_ROWS, Plan
from benchmarks.page_rows.rates import measure_rates
from benchmarks.page_rows.stand import open_stand
from benchmarks.report import Report, note
from benchmarks.service import Service, page_cache_setting

TOTAL = {"query": "{ tasks(first: 1) { totalCount } }"}
# Entries, indexes and the values of the peers, for each task of the list.
REDIS_BYTES_PER_TASK = 1600
# A list with fewer tasks than this would fit into the page cache, so its size is limited.
FULL_COUNT, SMALL_PAGE_CACHE_MB = 100_000, 1


def run(report: Report, plan: Plan | None = None) -> None:
    """Measure the rows of a plan, with `report.count` tasks."""
    plan = plan or Plan()
    with tempfile.TemporaryDirectory(prefix="millitask-bench-") as name:
        _prepare(report, plan, plan.data or Path(name) / "data", Path(name))


def _prepare(report: Report, plan: Plan, data: Path, folder: Path) -> None:
    """Create the tasks unless the folder has them, and start the service with one worker for all further rows."""
    memory = {"MILLITASK_REDIS_MAXMEMORY": str(max(2**30, report.count * REDIS_BYTES_PER_TASK))}
    loading = Service(data, workers=2, variables=memory)
    with loading.running() as seconds:
        if plan.wants("start"):
            report.add("start of a service, 2 workers", seconds, "s")
        loading.wait_for_index()
        found = httpx.post(f"{loading.url}/graphql", json=TOTAL).json()["data"]["tasks"]["totalCount"]
        if found == 0:
            load_tasks(report, plan, loading, folder)
        elif found != report.count:
            raise SystemExit(f"error: {data} has {found:,} tasks. Pass --count {found}, or another folder.")
        elif plan.wants("p6"):
            note(f"Not measured: the load, because {data} has the tasks already")
    cache = page_cache_setting(SMALL_PAGE_CACHE_MB) if report.count < FULL_COUNT else {}
    service = Service(data, variables=memory | cache)
    if plan.rows - {"p6", "update"}:
        with service.running() as seconds:
            if plan.wants("start"):
                report_start(report, service, seconds)
            service.wait_for_index()
            _measure(report, plan, service, folder)
    if plan.wants("update"):
        measure_single_updates(report, plan)


def _measure(report: Report, plan: Plan, service: Service, folder: Path) -> None:
    rates = plan.rows & ({"p0", "p1"} | WARM_ROWS)
    with ExitStack() as stack:
        if rates:
            stand = stack.enter_context(open_stand(plan, service, report.count))
            if plan.rows & WARM_ROWS:
                stand.warm()
            if rates - {"cold"}:
                measure_rates(report, stand)
            if plan.wants("cold"):
                measure_cold(report, stand)
    if plan.wants("p5"):
        measure_page_number(report, plan, service, folder)
    if plan.wants("memory"):
        measure_memory(report, plan, service, folder)
    if plan.wants("p7"):  # the last row, because it empties Redis
        measure_rebuild(report, plan, service)
