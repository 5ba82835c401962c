"""Rows start, p6 and p7: the load by mutations, the start of a service, and the rebuild of its index."""

import asyncio
import statistics
import time
from collections import defaultdict
from itertools import takewhile
from pathlib import Path

import redis
import uvloop

from benchmarks.http_load import LoadResult, drive
from benchmarks.page_rows.http_requests import page_requests
from benchmarks.page_rows.plan import Plan
from benchmarks.processes import SUPPORTED, cpu_seconds
from benchmarks.report import Report
from benchmarks.service import Service

# The tasks come in this many loads, each with its own seed.
PARTS = 5
_POLL_SECONDS = 0.1
_REBUILD_SECONDS = 600.0


def load_tasks(report: Report, plan: Plan, service: Service, folder: Path) -> None:
    """Create the tasks through a running service with two workers. Row p6: the rate and the CPU time per task."""
    per_part = report.count // PARTS
    rates, spent, peak = [], defaultdict[str, list[float]](list), 0.0
    for part in range(PARTS):
        before = cpu_seconds(service.pid) if SUPPORTED else {}
        count = per_part if part else report.count - per_part * (PARTS - 1)
        summary = service.load(count, folder / "summary.json", seed=part + 1)
        rates.append(summary["tasks_per_second"])
        peak = max(peak, summary["peak_memory_bytes"])
        used = {name: after - before[name] for name, after in cpu_seconds(service.pid).items()} if SUPPORTED else {}
        for program, seconds in (used | {"loader": summary["cpu_seconds"]}).items():
            spent[program].append(seconds / count * 1e6)
    if not plan.wants("p6"):
        return
    name = f"P6 {report.count:,} tasks by mutation, 2 workers"
    report.add(name, statistics.median(rates), "tasks/s", "≥ 25,000/s, or PostgreSQL is the limit")
    for program, microseconds in spent.items():
        report.add(f"CPU per task, {program}", statistics.median(microseconds), "µs")
    report.add("peak memory of the loader", peak / 2**20, "MiB")


def report_start(report: Report, service: Service, ready_seconds: float) -> None:
    """Row start: how long a service needs until it is ready, and the size of its index in Redis."""
    waited = service.wait_for_index()
    report.add(f"start with {report.count:,} tasks, until ready", ready_seconds, "s")
    report.add(f"start with {report.count:,} tasks, until the index is in use", ready_seconds + waited, "s")
    sizes = {name: value for name, value in service.metrics().items() if name.startswith("millitask_index_bytes")}
    main = sizes['millitask_index_bytes{index="index"}']
    report.add("Redis memory per task: main index", main / report.count, "bytes")
    report.add("Redis memory per task: all indexes", sum(sizes.values()) / report.count, "bytes")


def measure_rebuild(report: Report, plan: Plan, service: Service) -> None:
    """Row p7: empty Redis, and wait for the new index: idle, and while clients read."""
    rounds = [uvloop.run(_rebuild(service, readers)) for _ in range(plan.rounds) for readers in (0, plan.readers)]
    idle, busy = rounds[0::2], rounds[1::2]
    count, targets = report.count, (("≤ 4 s", "") if report.count <= 1_000_000 else ("", "≤ 20 s"))
    report.add(f"P7 rebuild of {count:,} tasks, idle", _median(idle), "s", targets[1])
    report.add(f"P7 rebuild of {count:,} tasks, {plan.readers} readers", _median(busy), "s", targets[0])
    report.add("from the loss of the index to the new one in use", statistics.median(s for _, s, _ in busy), "s")
    report.add("reads during the rebuilds", sum(reads.requests for *_, reads in busy), "")
    report.add("failed reads during the rebuilds", sum(reads.failed for *_, reads in busy), "", "0")


def _median(rounds: list[tuple[float, float, LoadResult]]) -> float:
    return statistics.median(seconds for seconds, _, _ in rounds)


async def _rebuild(service: Service, readers: int) -> tuple[float, float, LoadResult]:
    """Return the seconds of a rebuild, the seconds until the new index was in use, and the reads of the readers."""
    stopped = asyncio.Event()
    pages = takewhile(lambda _: not stopped.is_set(), page_requests(range(1, 101), "Rebuild"))
    reading = asyncio.create_task(drive(service.port, pages, connections=readers, tolerant=True))
    try:
        await asyncio.sleep(1)
        before = await asyncio.to_thread(service.metrics)
        began = time.monotonic()
        await asyncio.to_thread(_empty, service)
        async with asyncio.timeout(_REBUILD_SECONDS):
            while True:
                metrics = await asyncio.to_thread(service.metrics)
                if metrics["millitask_rebuilds_total"] > before["millitask_rebuilds_total"]:
                    break
                await asyncio.sleep(_POLL_SECONDS)
            await asyncio.to_thread(service.wait_for_index)
        took = time.monotonic() - began
    finally:
        stopped.set()
    return metrics["millitask_rebuild_seconds"], took, await reading


def _empty(service: Service) -> None:
    with redis.Redis.from_url(service.stores().redis_url) as client:
        client.flushall()
