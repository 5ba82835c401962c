"""Suite `page`: cost of a page, rate of the loader, time to start, and size of the index."""

import tempfile
from pathlib import Path

from benchmarks.report import Report
from benchmarks.service import Service, page_cpu_ms

SMALL_COUNT = 10_000
PAGE_SIZE = 50
REQUESTS = 2000


def run(report: Report) -> None:
    """Measure a service with a few tasks and one with `report.count` tasks."""
    with tempfile.TemporaryDirectory(prefix="millitask-bench-") as name:
        _measure(report, Path(name))


def _measure(report: Report, folder: Path) -> None:
    count, last_page = report.count, report.count // PAGE_SIZE
    # One worker serves every page request, so its CPU time covers all of them. Only the load uses two workers.
    small, large = Service(folder / "small"), Service(folder / "large")
    loading = Service(folder / "large", workers=2)
    summary = folder / "summary.json"
    with small.running() as seconds:
        report.add("first start, creates the data folder", seconds, "s")
        small.load(SMALL_COUNT, summary)
    with loading.running():
        loaded = loading.load(count, summary)
    report.add(f"load of {count:,} tasks, 2 workers", loaded["tasks_per_second"], "tasks/s")
    report.add("peak memory of the loader", loaded["peak_memory_bytes"] / 2**20, "MiB")
    with large.running() as seconds:
        report.add(f"start with {count:,} tasks, until ready", seconds, "s")
        report.add(f"start with {count:,} tasks, until the index is in use", seconds + large.wait_for_index(), "s")
        _measure_index(report, large.metrics())
        with small.running() as small_seconds:
            report.add(f"start with {SMALL_COUNT:,} tasks, until ready", small_seconds, "s")
            small.wait_for_index()
            few, first, last = page_cpu_ms([(small, 1), (large, 1), (large, last_page)], REQUESTS)
    report.add(f"CPU of a warm page: page 1 of {SMALL_COUNT:,} tasks", few, "ms")
    report.add(f"CPU of a warm page: page 1 of {count:,} tasks", first, "ms")
    report.add(f"CPU of a warm page: page {last_page:,} of {count:,} tasks", last, "ms")
    report.add(f"page 1: {count:,} tasks ÷ {SMALL_COUNT:,} tasks", first / few, "×")
    report.add(f"page {last_page:,} ÷ page 1 of {count:,} tasks", last / first, "×")


def _measure_index(report: Report, metrics: dict[str, float]) -> None:
    sizes = {name: value for name, value in metrics.items() if name.startswith("millitask_index_bytes")}
    main = sizes['millitask_index_bytes{index="index"}']
    report.add(f"rebuild of {report.count:,} tasks", metrics["millitask_rebuild_seconds"], "s")
    report.add("Redis memory per task: main index", main / report.count, "bytes")
    report.add("Redis memory per task: all indexes", sum(sizes.values()) / report.count, "bytes")
