"""Suite `protocol`: the cost of consistency compared with plain write-through, and performance without Redis."""

import asyncio
import tempfile
import time
from pathlib import Path
from uuid import UUID

import psycopg
import redis.asyncio

from api.config.settings import Settings
from api.devstores import EmbeddedStores, StoreUrls
from api.process import logs
from benchmarks.in_process import Client, with_services
from benchmarks.report import Report, median_ms
from cache.redis import entry
from cache.redis.encoded_task import encode
from cache.store import Store
from cache.writes import edits, transaction
from cache.writes.transaction import EditResult, Step, WriteOutcome
from db.migrations import migrate

ROUNDS, EACH = 20, 50
FILL = """
    INSERT INTO task (workspace_id, id, title, description, status, created_at, expires_at)
    SELECT 'default', uuidv7(), 'Task ' || n, repeat('x', 100),
           (ARRAY['TODO', 'IN_PROGRESS', 'DONE'])[1 + n %% 3]::task_status,
           now() - make_interval(secs => %(count)s - n), CASE WHEN n %% 5 = 0 THEN now() + interval '30 days' END
    FROM generate_series(1, %(count)s) AS n
"""
UPDATE = "mutation ($id: ID!, $title: String!) { updateTask(input: { id: $id, title: $title }) { task { version } } }"
PAGE = "query ($page: Int!) { tasks(first: 50, page: $page) { nodes { id title version } } }"
TOTAL = "{ tasks(first: 1) { totalCount } }"


async def plain_write(store: Store, id_: UUID | None, step: Step) -> list[WriteOutcome]:
    """Commit, then SET the entry. This skips the protocol: no gate, no mark and no fencing token."""
    async with store.database.transaction() as connection:
        change = await step(connection)
        assert change.queue is not None
        queued = change.queue(connection)
    [done] = outcomes = change.written(queued.rows)
    protocol = store.gate_lease.protocol
    assert protocol is not None
    assert id_ is not None
    assert isinstance(done, EditResult)
    value = encode(store.workspace, done.row).value
    await store.redis.send([["SET", protocol.keys.entry(id_), value, "PX", entry.ttl_ms()]])
    return outcomes


async def measure_updates(report: Report, client: Client, each: int = EACH, target: str = "") -> None:
    """Measure single updates alternately with the protocol and with plain write-through, `each` in a round."""
    created = await client.execute('mutation { createTask(input: { title: "One" }) { task { id } } }')
    id_ = created["data"]["createTask"]["task"]["id"]
    await client.wait_until_degraded(False)
    original = transaction.run_write
    writes = {"plain write-through": plain_write, "with the protocol": original}
    trips = dict.fromkeys(writes, 0.0)
    spent: dict[str, list[float]] = {name: [] for name in writes}
    number = 0
    for _ in range(ROUNDS):
        for name, implementation in writes.items():
            edits.run_write = implementation  # type: ignore[attr-defined]
            before = (await client.metrics())["millitask_redis_round_trips_total"]
            for _ in range(each):
                number += 1
                began = time.perf_counter()
                await client.execute(UPDATE, id=id_, title=f"Title {number}")
                spent[name].append(time.perf_counter() - began)
            # Reading the metrics takes one round trip itself.
            trips[name] += (await client.metrics())["millitask_redis_round_trips_total"] - before - 1
    edits.run_write = original  # type: ignore[attr-defined]
    for name in writes:
        report.add(f"update, {name}, p50", median_ms(spent[name]), "ms")
        report.add(f"update, {name}: round trips to Redis", trips[name] / ROUNDS / each, "")
    plain, protocol = (median_ms(spent[name]) for name in writes)
    report.add("update, with the protocol ÷ plain write-through", protocol / plain, "×", target)


async def measure_cold_page(report: Report, one: Client, other: Client) -> None:
    """Measure the cost of 100 concurrent requests for an uncached page, and of one request for a warm page."""
    clients = (one, other)
    for client in clients:
        await client.wait_until_degraded(False)
    before = [(await client.metrics())["millitask_row_queries_total"] for client in clients]
    await asyncio.gather(*(client.execute(PAGE, page=7) for client in clients for _ in range(50)))
    after = [(await client.metrics())["millitask_row_queries_total"] for client in clients]
    report.add("SQL queries for one cold page, 100 requests to 2 services", sum(after) - sum(before), "")
    trips = "millitask_redis_round_trips_total"
    first = (await one.metrics())[trips]
    for _ in range(100):
        await one.execute(PAGE, page=7)
    report.add("round trips to Redis for a warm page", ((await one.metrics())[trips] - first - 1) / 100, "")


async def measure_degraded(report: Report, client: Client) -> None:
    """Measure totals and deep pages from PostgreSQL, without Redis."""
    pages = report.count // 50
    for name, document, variables in (
        ("total", TOTAL, {}),
        (f"page {pages // 2:,}", PAGE, {"page": pages // 2}),
        (f"page {pages:,}", PAGE, {"page": pages}),
    ):
        spent = []
        for _ in range(9):
            began = time.perf_counter()
            assert (await client.execute(document, **variables))["extensions"]["degraded"]
            spent.append(time.perf_counter() - began)
        report.add(f"degraded mode: {name} of {report.count:,} tasks, p50", median_ms(spent), "ms")


async def measure_rebuild(report: Report, redis_url: str, client: Client) -> None:
    """Measure a rebuild after the loss of the index, while 32 clients read."""
    await client.wait_until_degraded(False)
    reads, failed, running = 0, 0, True

    async def read(number: int) -> None:
        nonlocal reads, failed
        while running:
            try:
                await client.execute(PAGE, page=1 + (number + reads) % 100)
                reads += 1
            except AssertionError:
                failed += 1

    readers = [asyncio.create_task(read(number)) for number in range(32)]
    await asyncio.sleep(1)
    began = time.monotonic()
    async with redis.asyncio.Redis.from_url(redis_url) as store:
        await store.flushall()
    await client.wait_until_degraded(True)
    await client.wait_until_degraded(False)
    took = time.monotonic() - began
    running = False
    await asyncio.gather(*readers)
    seconds = (await client.metrics())["millitask_rebuild_seconds"]
    report.add(f"rebuild of {report.count:,} tasks while 32 clients read", seconds, "s")
    report.add("from the loss of the index to the new index in use", took, "s")
    report.add("reads during the rebuild", reads, "")
    report.add("failed reads during the rebuild", failed, "")


def run(report: Report) -> None:
    """Run all measurements on one pair of stores."""
    logs.configure(Settings(log_level="critical"))
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database_url=None, redis_url=None, data_dir=Path(folder))
        with EmbeddedStores(settings) as urls:
            migrate(urls.database_url)
            asyncio.run(with_services(urls, 1, lambda client: measure_updates(report, client)))
            with psycopg.connect(urls.database_url, autocommit=True) as connection:
                connection.execute(FILL, {"count": report.count})
                connection.execute("VACUUM ANALYZE task")
                connection.execute("UPDATE gate SET state = 'off'")
            unreachable = StoreUrls(urls.database_url, "redis://127.0.0.1:1/0")
            asyncio.run(with_services(unreachable, 1, lambda client: measure_degraded(report, client)))
            asyncio.run(with_services(urls, 2, lambda one, other: measure_cold_page(report, one, other)))
            asyncio.run(with_services(urls, 1, lambda client: measure_rebuild(report, urls.redis_url, client)))
