"""Suite `sizing`: what each kind of request costs each program, and a mixed load to check `tools.sizing` with.

A service with one worker and 100,000 tasks runs with its default settings. A second one on the same database cannot
reach Redis, so PostgreSQL answers its pages. CPU times are measured with 16 connections, latencies with one connection
alone. The mixed load is closed: each connection waits for its answer.
"""

import random
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import count, cycle, islice
from pathlib import Path

import psycopg
import redis

from benchmarks.http_load import LoadResult, load
from benchmarks.page_rows.costs import second_service
from benchmarks.page_rows.http_requests import (
    UPDATE,
    endless,
    keyset_requests,
    operation,
    page_request,
    page_requests,
)
from benchmarks.page_rows.plan import Plan
from benchmarks.page_rows.stand import WORKSPACE, Stand
from benchmarks.processes import cpu_seconds
from benchmarks.report import Report
from benchmarks.service import Service
from benchmarks.sizing_check import CONNECTIONS, MIX, compare
from cache.redis.keys import Keys

ROUNDS, SECONDS, MIXED_SECONDS = 3, 2.0, 10.0
NOWHERE = "unix:///nowhere/redis.sock"
PROGRAMS = ("workers", "Redis", "PostgreSQL")
_SEARCH = "query ($words: String!) { searchTasks(query: $words, first: 20) { nodes { id title status } } }"
_CREATE = "mutation ($title: String!) { createTask(input: { title: $title }) { task { id } userErrors { code } } }"
_WORDS = ("invoice", "customer", "manual", "order", "report", "School", "contract", "budget")


@dataclass(frozen=True)
class Kind:
    """A kind of request. `cold`: each request is for a page whose tasks were just removed from Redis."""

    name: str
    requests: Iterator[bytes]
    cold: bool = False


def run(report: Report) -> None:
    """Measure with `report.count` tasks in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="millitask-bench-") as name, ExitStack() as stack:
        service = Service(Path(name) / "data")
        stack.enter_context(service.running())
        service.load(report.count, Path(name) / "summary.json")
        service.wait_for_index()
        urls = service.stores()
        with psycopg.connect(urls.database_url, autocommit=True) as database:
            database.execute("VACUUM ANALYZE task")
            row = database.execute("SELECT epoch FROM gate WHERE workspace_id = %s", [WORKSPACE]).fetchone()
        client = stack.enter_context(redis.Redis.from_url(urls.redis_url))
        stand = Stand(Plan(), service, report.count, client, Keys(WORKSPACE, row[0] if row else 0))
        stand.warm()
        for kind in kinds(stand):
            measure_kind(report, stand, kind)
        for connections in (1, CONNECTIONS):
            measure_mix(report, stand, connections)
        without_redis = second_service(service, Path(name) / "second", {"REDIS_URL": NOWHERE})
        with without_redis.running():
            degraded = replace(stand, service=without_redis)
            for kind in degraded_kinds(stand):
                measure_kind(report, degraded, kind, database=service)
    for name, ratio in compare({result.name: result.value for result in report.results}, report.count).items():
        report.add(name, ratio, "×", "0.7 to 1.3")


def kinds(stand: Stand) -> list[Kind]:
    """Return the kinds of requests that are measured."""
    ids = [str(id_) for id_ in stand.some_ids(2000)]
    return [
        Kind("hot", endless(page_request(1, "Hot"))),
        Kind("warm", page_requests(stand.pages, "Warm")),
        Kind("cold", page_requests(stand.pages, "Cold"), cold=True),
        Kind("search", endless(*(operation(_SEARCH, words=word) for word in _WORDS))),
        Kind("update", (operation(UPDATE, id=id_, title=f"Title {at}") for at, id_ in enumerate(cycle(ids)))),
        Kind("create", (operation(_CREATE, title=f"New task {at}") for at in count())),
    ]


def degraded_kinds(stand: Stand) -> list[Kind]:
    """Return pages for a service without Redis: with the total, which counts all rows, and without it."""
    return [
        Kind("degraded with total", endless(page_request(1, "Degraded"))),
        Kind("degraded", keyset_requests(stand.cursors[:20])),
    ]


def measure_kind(report: Report, stand: Stand, kind: Kind, database: Service | None = None) -> None:
    """Add the CPU time of each program for a request of a kind, and the latency of one client alone.

    database: the service whose PostgreSQL is used, if another one.
    """

    def spent() -> dict[str, float]:
        own = cpu_seconds(stand.service.pid)
        return own | {"PostgreSQL": cpu_seconds((database or stand.service).pid)["PostgreSQL"]}

    alone = send(stand, kind, connections=1)
    rounds: dict[str, list[float]] = {program: [] for program in PROGRAMS}
    for _ in range(ROUNDS):
        before = spent()
        sent = send(stand, kind, connections=CONNECTIONS)
        after = spent()
        for program, values in rounds.items():
            values.append((after.get(program, 0) - before.get(program, 0)) * 1e6 / sent.requests)
    for program, values in rounds.items():
        report.add(f"{kind.name}: CPU of {program}", statistics.median(values), "µs")
    report.add_percentiles(f"{kind.name}: alone", [seconds * 1000 for seconds in alone.latencies], 50, 99)


def send(stand: Stand, kind: Kind, *, connections: int) -> LoadResult:
    """Send requests of a kind for `SECONDS`, or one for each page that was made cold before."""
    if not kind.cold:
        return load(stand.service.port, kind.requests, connections=connections, seconds=SECONDS)
    pages = stand.pages
    for page in pages:
        stand.evict(page)
    return load(stand.service.port, islice(kind.requests, len(pages)), connections=connections)


def measure_mix(report: Report, stand: Stand, connections: int) -> None:
    """Add rate, latencies and CPU time of the mixed load, by the number of connections."""
    by_name = {kind.name: kind.requests for kind in kinds(stand)}
    chooser = random.Random(1)
    names = chooser.choices(list(MIX), weights=list(MIX.values()), k=100_000)
    requests = (next(by_name[name]) for name in cycle(names))
    load(stand.service.port, requests, connections=connections, seconds=1)
    before = cpu_seconds(stand.service.pid)
    sent = load(stand.service.port, requests, connections=connections, seconds=MIXED_SECONDS)
    after = cpu_seconds(stand.service.pid)
    name = f"mix, {connections} connections"
    report.add(f"{name}: responses", sent.rate, "/s")
    report.add_percentiles(name, [seconds * 1000 for seconds in sent.latencies], 50, 99)
    for program in PROGRAMS:
        report.add(f"{name}: cores of {program}", (after[program] - before[program]) / sent.seconds, "")
    report.add(f"{name}: cores of the load generator", sent.cpu_share, "")
