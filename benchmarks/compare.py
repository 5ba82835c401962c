"""Compares the CPU time of a warm page between this checkout and another one."""

import statistics
import tempfile
from pathlib import Path

from benchmarks.report import Report
from benchmarks.service import Service, page_cache_setting, page_cpu_ms

ROUNDS, REQUESTS = 5, 1000


def run(report: Report, other: Path) -> None:
    """Measure both checkouts in alternation and report the median ratio of all rounds."""
    with tempfile.TemporaryDirectory(prefix="millitask-bench-") as name:
        folder = Path(name)
        # The same page is read over and over, so a page cache would answer it.
        ours = Service(folder / "ours", variables=page_cache_setting(0))
        theirs = Service(folder / "theirs", checkout=other, variables=page_cache_setting(0, other))
        for service in (ours, theirs):
            with service.running():
                service.load(report.count, folder / "summary.json")
        with ours.running(), theirs.running():
            ours.wait_for_index()
            theirs.wait_for_index()
            page = max(1, report.count // 100)  # a page in the middle of the list
            rounds = [page_cpu_ms([(ours, page), (theirs, page)], REQUESTS) for _ in range(ROUNDS)]
    report.add("CPU of a warm page, this checkout", statistics.median(our for our, _ in rounds), "ms")
    report.add("CPU of a warm page, other checkout", statistics.median(their for _, their in rounds), "ms")
    ratios = [our / their for our, their in rounds]
    report.add(f"CPU of a warm page, this ÷ other, median of {ROUNDS} rounds", statistics.median(ratios), "×")
    report.add("lowest round", min(ratios), "×")
    report.add("highest round", max(ratios), "×")
