"""Rows p5, cold, update and memory: CPU time by page number, misses, single updates, and full caches."""

import asyncio
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from api.config.settings import Settings
from api.devstores import EmbeddedStores
from api.process import logs
from benchmarks.http_load import load
from benchmarks.in_process import Client, with_services
from benchmarks.page_rows.http_requests import PAGE_SIZE, distinct_documents, page_request
from benchmarks.page_rows.plan import Plan
from benchmarks.page_rows.stand import Stand
from benchmarks.processes import SUPPORTED, worker_memory
from benchmarks.protocol import measure_updates
from benchmarks.report import Report, note
from benchmarks.service import Service, page_cache_setting, page_cpu_ms
from db.migrations import migrate

SMALL_COUNT = 10_000


def second_service(service: Service, folder: Path, variables: Mapping[str, str]) -> Service:
    """Return another service, with one fresh worker, on the stores of a running service."""
    urls = service.stores()
    stores = {"DATABASE_URL": urls.database_url, "REDIS_URL": urls.redis_url}
    return Service(folder, variables=stores | dict(variables))


def measure_page_number(report: Report, plan: Plan, service: Service, folder: Path) -> None:
    """Row p5: the CPU time of the worker for a page, by the page number and the number of tasks.

    The page cache is off, because a round asks for the same page many times.
    """
    small_count, count = min(SMALL_COUNT, report.count), report.count
    off = page_cache_setting(0)
    small, large = Service(folder / "small", variables=off), second_service(service, folder / "second", off)
    last = max(1, count // PAGE_SIZE)
    with small.running():
        small.load(small_count, folder / "summary.json")
    with small.running(), large.running():
        small.wait_for_index()
        large.wait_for_index()
        places = [(small, 1), (large, 1), (large, last)]
        batch = max(1, plan.cpu_requests // 4)
        rounds = [page_cpu_ms(places, plan.cpu_requests, batch) for _ in range(plan.rounds)]
    few, first, deep = (statistics.median(values) for values in zip(*rounds, strict=True))
    report.add(f"CPU of a warm page: page 1 of {small_count:,} tasks", few, "ms")
    report.add(f"CPU of a warm page: page 1 of {count:,} tasks", first, "ms")
    report.add(f"CPU of a warm page: page {last:,} of {count:,} tasks", deep, "ms")
    by_page = statistics.median(deep / first for _, first, deep in rounds)
    report.add(f"P5 page {last:,} ÷ page 1, CPU", by_page, "×", "≤ 1.1")
    by_count = statistics.median(deep / few for few, _, deep in rounds)
    report.add(f"P5 page {last:,} of {count:,} ÷ page 1 of {small_count:,}, CPU", by_count, "×", "≤ 1.2")


def measure_cold(report: Report, stand: Stand) -> None:
    """Row cold: one client alone reads pages whose 50 tasks are all in the cache, and pages whose tasks are not."""
    plan = stand.plan
    pages = iter(stand.pages * (1 + 2 * plan.pairs * plan.rounds // len(stand.pages)))
    cold, warm, misses = [], [], 0.0
    for _ in range(plan.rounds):
        warm.append(_median_latency(stand, (page_request(page, "Cold") for page in islice(pages, plan.pairs))))
        before = stand.service.metrics()["millitask_misses_total"]
        cold.append(_median_latency(stand, _cold_requests(stand, list(islice(pages, plan.pairs)))))
        misses += stand.service.metrics()["millitask_misses_total"] - before
    report.add("cold page (50 misses), one client, p50", statistics.median(cold) * 1000, "ms")
    report.add("cold page: tasks read from PostgreSQL", misses / plan.pairs / plan.rounds, "")
    ratio = statistics.median(a / b for a, b in zip(cold, warm, strict=True))
    report.add("cold page ÷ warm page, one client, p50", ratio, "×", "≤ 2.5")


def _cold_requests(stand: Stand, pages: Sequence[int]) -> Iterator[bytes]:
    """Return requests for pages. The entries of a page are removed just before its request is sent."""
    for page in pages:
        stand.evict(page)
        yield page_request(page, "Cold")


def _median_latency(stand: Stand, requests: Iterator[bytes]) -> float:
    return statistics.median(load(stand.service.port, requests, connections=1).latencies)


def measure_single_updates(report: Report, plan: Plan) -> None:
    """Row update: single updates with the protocol and with plain write-through, in this process."""
    logs.configure(Settings(log_level="critical"))
    with tempfile.TemporaryDirectory(prefix="millitask-bench-") as name:
        settings = Settings(database_url=None, redis_url=None, data_dir=Path(name))
        with EmbeddedStores(settings) as urls:
            migrate(urls.database_url)

            async def work(client: Client) -> None:
                await measure_updates(report, client, each=plan.updates, target="≤ 1.2")

            asyncio.run(with_services(urls, 1, work))


def measure_memory(report: Report, plan: Plan, service: Service, folder: Path) -> None:
    """Row memory: a worker that has answered many different documents and pages, with the default settings."""
    if not SUPPORTED:
        note("Not measured: the memory of a worker, because this system has no /proc")
        return
    fresh = second_service(service, folder / "memory", {})
    with fresh.running():
        fresh.wait_for_index()
        load(fresh.port, distinct_documents(100, 1), connections=1)
        before = worker_memory(fresh.pid)
        note(f"Sending {plan.documents:,} different documents …")
        load(fresh.port, distinct_documents(plan.documents, report.count // PAGE_SIZE), connections=plan.connections)
        after = worker_memory(fresh.pid)
    report.add("memory of a worker after 100 documents", before.resident / 2**20, "MiB")
    report.add(f"memory of a worker after {plan.documents:,} documents", after.resident / 2**20, "MiB", "≤ 150 MiB")
    report.add("the same, shared pages by their share (PSS)", after.proportional / 2**20, "MiB")
