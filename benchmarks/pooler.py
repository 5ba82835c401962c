"""Suite `pooler`: a cold page and an update through PgBouncer in transaction mode, compared with direct connections.

Two services with one worker each run on the same stores. They take turns of a round, so that other programs on the
machine affect both. PgBouncer must be installed, or PGBOUNCER names it.
"""

import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count, cycle, islice
from pathlib import Path
from typing import LiteralString

import psycopg
import redis

from benchmarks.http_load import LoadResult, load
from benchmarks.page_rows.costs import second_service
from benchmarks.page_rows.http_requests import UPDATE, operation, page_requests
from benchmarks.page_rows.plan import Plan
from benchmarks.page_rows.stand import WORKSPACE, Stand
from benchmarks.processes import own_cpu_seconds
from benchmarks.report import Report
from benchmarks.service import Service, page_cache_setting
from cache.redis.keys import Keys
from tests.support.pgbouncer import MISSING, PgBouncer, find, pgbouncer, version

ROUNDS, REQUESTS, CONNECTIONS, POOL_SIZE = 6, 150, 16, 10
TARGET = "≤ 1.15"
LIMITS: LiteralString = "ALTER ROLE postgres SET statement_timeout = 5000; "
LIMITS += "ALTER ROLE postgres SET transaction_timeout = 10000; ALTER ROLE postgres SET synchronous_commit = on"


class Contender:
    """A service, and what it took for its requests."""

    def __init__(self, service: Service, pooler: PgBouncer | None) -> None:
        self.service = service
        self._pooler = pooler
        self.latencies: list[float] = []
        self.rates: list[float] = []
        self.worker_us: list[float] = []
        self.pooler_us: list[float] = []

    def send(self, requests: list[bytes], connections: int) -> LoadResult:
        """Send requests, and keep the CPU time that each of them took."""
        before = self.service.cpu_seconds(), self._pooler_seconds()
        sent = load(self.service.port, iter(requests), connections=connections)
        self.worker_us.append((self.service.cpu_seconds() - before[0]) * 1e6 / sent.requests)
        self.pooler_us.append((self._pooler_seconds() - before[1]) * 1e6 / sent.requests)
        return sent

    def measure(self, one_by_one: list[bytes], together: list[bytes]) -> None:
        """Send requests one after another, and others by several connections at once."""
        self.latencies += self.send(one_by_one, 1).latencies
        self.rates.append(self.send(together, CONNECTIONS).rate)

    def _pooler_seconds(self) -> float:
        return 0.0 if self._pooler is None else own_cpu_seconds(self._pooler.pid)


def run(report: Report) -> None:
    """Measure with `report.count` tasks in a temporary folder."""
    if find() is None:
        sys.exit(f"error: {MISSING}")
    with tempfile.TemporaryDirectory(prefix="millitask-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)  # PgBouncer may run as another user
        cache = page_cache_setting(0)
        loaded = Service(folder / "data", variables=cache)
        stack.enter_context(loaded.running())
        loaded.load(report.count, folder / "summary.json")
        loaded.wait_for_index()
        urls = loaded.stores()
        with psycopg.connect(urls.database_url, autocommit=True) as database:
            database.execute("VACUUM ANALYZE task")
            database.execute(LIMITS)
            row = database.execute("SELECT epoch FROM gate WHERE workspace_id = %s", [WORKSPACE]).fetchone()
        pooler = stack.enter_context(pgbouncer(urls.database_url, folder, POOL_SIZE, sockets=folder))
        settings = cache | {"DATABASE_URL": pooler.socket_url, "MILLITASK_DATABASE_POOLING": "transaction"}
        # Both are fresh: the worker that has loaded the tasks has more memory to manage.
        pooled, direct = (
            second_service(loaded, folder / name, variables) for name, variables in (("1", settings), ("2", cache))
        )
        for service in (pooled, direct):
            stack.enter_context(service.running())
            service.wait_for_index()
        client = stack.enter_context(redis.Redis.from_url(urls.redis_url))
        stand = Stand(Plan(), direct, report.count, client, Keys(WORKSPACE, row[0] if row else 0))
        stand.warm()
        label = f"PgBouncer {'.'.join(map(str, version(pooler.program)))}"
        for kind, requests in (("cold page", cold_pages(stand)), ("update", updates(stand))):
            compare(report, f"{kind}, {label} ÷ direct", requests, [Contender(pooled, pooler), Contender(direct, None)])


def cold_pages(stand: Stand) -> Iterator[list[bytes]]:
    """Yield batches of requests for pages whose tasks were just removed from Redis."""
    pages = cycle(stand.pages)
    while True:
        batch = list(islice(pages, REQUESTS))
        for page in batch:
            stand.evict(page)
        yield list(islice(page_requests(batch, "Cold"), len(batch)))


def updates(stand: Stand) -> Iterator[list[bytes]]:
    """Yield batches of requests that each update another task."""
    ids, number = cycle(stand.some_ids(4 * REQUESTS)), count()
    while True:
        yield [operation(UPDATE, id=str(id_), title=f"Title {next(number)}") for id_ in islice(ids, REQUESTS)]


def compare(report: Report, name: str, batches: Iterator[list[bytes]], contenders: list[Contender]) -> None:
    """Let the contenders take turns, and add the ratios of their latencies, rates and CPU times."""
    for contender in contenders:  # warms up
        load(contender.service.port, iter(next(batches)), connections=CONNECTIONS)
    for _ in range(ROUNDS):
        for contender in contenders:
            contender.measure(next(batches), next(batches))
    pooled, direct = contenders
    median = statistics.median
    report.add(
        f"{name}: median latency of one client", median(pooled.latencies) / median(direct.latencies), "×", TARGET
    )
    report.add(f"{name}: time of {CONNECTIONS} clients", median(direct.rates) / median(pooled.rates), "×", TARGET)
    report.add(f"{name}: CPU of the worker", median(pooled.worker_us) / median(direct.worker_us), "×", TARGET)
    report.add(f"{name}: latency of one client, direct", median(direct.latencies) * 1000, "ms")
    report.add(f"{name}: CPU of the worker, direct", median(direct.worker_us), "µs")
    report.add(f"{name}: CPU of PgBouncer", median(pooled.pooler_us), "µs")
