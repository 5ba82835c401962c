"""Suite `fairness`: how a workspace that sends all it can affects another one, and what a rate limit costs.

A worker serves two workspaces. 64 connections of one ask for its first page without a pause, and one connection of the
other measures how long its own first page takes, alone and next to them.
"""

import itertools
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.callers import CallerService
from benchmarks.hammer import hammering, page_request
from benchmarks.http_load import load
from benchmarks.report import Report, note, percentile
from benchmarks.service import Service

ROUNDS, SECONDS = 5, 4.0
CONNECTIONS = 64
# What the busy caller may spend: 50 pages per second at most, and its bucket holds the pages of ten seconds.
BUSY_POINTS = 156_000
QUIET, BUSY = "test:default:quiet:1000000000", "test:busy:busy"
CREATE = """mutation ($tasks: [CreateTaskInput!]!) { createTasks(input: {tasks: $tasks}) { userErrors { code } } }"""
_SETTLE_SECONDS = 1.0


def run(report: Report) -> None:
    """Measure with `report.count` tasks in each workspace."""
    with tempfile.TemporaryDirectory(prefix="millitask-bench-") as name:
        stores = Service(Path(name) / "data")
        with stores.running():
            urls = stores.stores()
            unlimited, limited = CallerService(urls), CallerService(urls, points=1_000_000_000)
            with unlimited.running(), limited.running():
                for token in (QUIET, BUSY):
                    _create_tasks(unlimited.port, token, report.count)
                _measure_neighbour(report, "without a limit", unlimited.port, BUSY, "")
                _measure_neighbour(report, "at its limit", limited.port, f"{BUSY}:{BUSY_POINTS}", "≤ 1.5")
                _measure_cost(report, unlimited, limited)


def _create_tasks(port: int, token: str, count: int) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    for first in range(0, count, 500):
        tasks = [{"title": f"Task {number}"} for number in range(first, min(first + 500, count))]
        body = {"query": CREATE, "variables": {"tasks": tasks}}
        answer = httpx.post(f"http://127.0.0.1:{port}/graphql", json=body, headers=headers, timeout=60).json()
        assert answer["data"]["createTasks"]["userErrors"] == [], answer


def _measure_neighbour(report: Report, state: str, port: int, busy: str, target: str) -> None:
    """Measure the pages of the quiet workspace, alone and next to the busy one, in turn."""
    alone, beside, ratios, rates = list[float](), list[float](), list[float](), list[str]()
    for _ in range(ROUNDS):
        before = _latencies(port)
        with hammering(port, busy, CONNECTIONS, SECONDS + 2 * _SETTLE_SECONDS) as process:
            time.sleep(_SETTLE_SECONDS)
            during = _latencies(port)
            assert process.stdout is not None
            rates.append(process.stdout.read().decode())
        alone.append(percentile(before, 99))
        beside.append(percentile(during, 99))
        ratios.append(beside[-1] / alone[-1])
    note(f"Responses and errors of the busy workspace {state}, in each round: {', '.join(rates)}")
    report.add("page of a workspace alone, p99", statistics.median(alone), "ms")
    report.add(f"next to a busy workspace {state}, p99", statistics.median(beside), "ms")
    report.add(f"p99 next to a busy workspace {state} ÷ alone", statistics.median(ratios), "", target)


def _latencies(port: int) -> list[float]:
    """Return the latencies of the quiet workspace in milliseconds."""
    requests = itertools.repeat(page_request(QUIET))
    return [seconds * 1000 for seconds in load(port, requests, connections=1, seconds=SECONDS).latencies]


def _measure_cost(report: Report, unlimited: CallerService, limited: CallerService) -> None:
    """Measure the CPU time of a page from the page cache, with and without a rate limit."""
    spent: dict[CallerService, list[float]] = {unlimited: [], limited: []}
    for _ in range(ROUNDS):
        for service, milliseconds in spent.items():
            before = service.cpu_seconds()
            sent = load(
                service.port, itertools.repeat(page_request("test:busy:b")), connections=16, seconds=SECONDS / 2
            )
            milliseconds.append((service.cpu_seconds() - before) * 1000 / sent.requests)
    without, with_limit = spent.values()
    report.add("CPU of a cached page without a limit", statistics.median(without), "ms")
    report.add("CPU of a cached page with a limit", statistics.median(with_limit), "ms")
    ratios = [one / other for one, other in zip(without, with_limit, strict=True)]
    report.add("CPU without ÷ with a limit", statistics.median(ratios), "", "≥ 0.95")
