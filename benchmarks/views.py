"""Suite `views`: what declared views cost, in memory, reads, writes and builds.

A service with one worker and its default views has a million tasks. Each has one of a thousand lists, one of a thousand
assignees, and three of a thousand labels, one on every task. Requests go over HTTP, without the page cache.
"""

import random
import tempfile
from pathlib import Path

import httpx

from benchmarks.report import Report, note
from benchmarks.view_rows.builds import measure_build
from benchmarks.view_rows.plan import ViewPlan
from benchmarks.view_rows.reads import measure_facets, measure_pages
from benchmarks.view_rows.stand import DECLARED, Caller, Stand, open_stand
from benchmarks.view_rows.writes import measure_bulk, measure_updates

WITHOUT_LABELS = "list,list+status,assignee,assignee+status"
# Tasks without values need no declared views, whatever their number.
PLAIN_SHARE = 10


def run(report: Report, plan: ViewPlan) -> None:
    """Measure with `report.count` tasks in a temporary folder."""
    random.seed(1)
    with tempfile.TemporaryDirectory(prefix="millitask-bench-") as folder, open_stand(Path(folder)) as stand:
        if "memory" in plan.rows:
            _measure_plain(report, stand)
        note(f"Inserting {report.count:,} tasks …")
        stand.fill(report.count, filled=True)
        if "memory" in plan.rows:
            _measure_memory(report, stand)
        if plan.rows == {"memory"}:
            return
        with stand.service(DECLARED) as service, httpx.Client(timeout=60) as http:
            caller = Caller(service, http)
            if "pages" in plan.rows:
                measure_pages(report, plan, caller)
            if "facets" in plan.rows:
                measure_facets(report, plan, caller)
            if "updates" in plan.rows:
                measure_updates(report, plan, stand, caller)
            if "build" in plan.rows:
                measure_build(report, plan, stand, service)
            if "bulk" in plan.rows:
                measure_bulk(report, plan, stand, caller)


def _measure_plain(report: Report, stand: Stand) -> None:
    count = max(100, report.count // PLAIN_SHARE)
    stand.fill(count, filled=False)
    added = stand.bytes_of(DECLARED) - stand.bytes_of("none")
    report.add("Redis, for each task without list, assignee and labels", added / count, "bytes more", "0")


def _measure_memory(report: Report, stand: Stand) -> None:
    base = stand.bytes_of("none")
    report.add("Redis, base index, for each task", base / report.count, "bytes")
    added = (stand.bytes_of(WITHOUT_LABELS) - base) / report.count
    report.add("Redis, for each task with list and assignee", added, "bytes more", "≤ 400")
    added = (stand.bytes_of(DECLARED) - base) / report.count
    report.add("Redis, for each task with list, assignee and three labels", added, "bytes more", "≤ 640")
