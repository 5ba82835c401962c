"""Measures what staying consistent costs beside write-through, and what is left without Redis."""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg

from api.app import create_app
from api.config.settings import Settings
from api.devstores import EmbeddedStores, StoreUrls
from api.process import logs
from cache.feed.feed import Feed
from cache.metrics import StoreMetrics
from cache.reads.session import Session
from cache.redis import entry
from cache.redis.client import Redis
from cache.store import Store
from cache.writes import edits, transaction
from cache.writes.transaction import EditResult, Step, WriteOutcome
from db.migrations import migrate
from db.pool import Database
from schema import build
from schema.context import Context
from schema.limits.extension import OperationLimits
from tests.support.factories import look

ROUNDS, EACH = 20, 50
MANY = """
    INSERT INTO task (workspace_id, id, title, description, status, created_at, expires_at)
    SELECT 'default', uuidv7(), 'Task ' || n, repeat('x', 100),
           (ARRAY['TODO', 'IN_PROGRESS', 'DONE'])[1 + n %% 3]::task_status,
           now() - make_interval(secs => %(count)s - n), CASE WHEN n %% 5 = 0 THEN now() + interval '30 days' END
    FROM generate_series(1, %(count)s) AS n
"""
UPDATE = "mutation ($id: ID!, $title: String!) { updateTask(input: { id: $id, title: $title }) { task { version } } }"
PAGE = "query ($page: Int!) { tasks(first: 50, page: $page) { nodes { id title version } } }"
TOTAL = "{ tasks(first: 1) { totalCount } }"


class Service:
    """A service in this process, and a client of it."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def ask(self, document: str, **variables: Any) -> Any:
        body = {"query": document, "variables": variables}
        answer = (await self.http.post("/graphql", json=body)).json()
        assert not answer.get("errors"), answer
        return answer

    async def counters(self) -> dict[str, float]:
        lines = (await self.http.get("/metrics")).text.splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}

    async def degraded(self, wanted: bool) -> None:
        while (await self.http.get("/readyz")).json().get("degraded") is not wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def with_services(urls: StoreUrls, count: int, work: Callable[..., Awaitable[None]]) -> None:
    """Runs something with so many services over the same stores."""
    apps = [create_app(Settings(database_url=urls.database_url, redis_url=urls.redis_url)) for _ in range(count)]

    async def enter(services: list[Service]) -> None:
        if len(services) == count:
            await work(*services)
            return
        app = apps[len(services)]
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=60) as http,
        ):
            await enter([*services, Service(http)])

    await enter([])


async def plain_write(store: Store, id_: UUID | None, step: Step) -> list[WriteOutcome]:
    """Write-through as it is usually done: commit, then SET. No gate, no mark, no token that anybody looks at."""
    async with store.database.transaction() as connection:
        [done] = outcomes = await step(connection)
    protocol = store.gate_lease.protocol
    assert protocol is not None
    assert id_ is not None
    assert isinstance(done, EditResult)
    value = entry.encode(store.workspace, done.row)
    await store.redis.send([["SET", protocol.keys.entry(id_), value, "PX", entry.ttl_ms()]])
    return outcomes


async def single_updates(service: Service) -> None:
    """A single update, in turns with plain write-through."""
    created = await service.ask('mutation { createTask(input: { title: "One" }) { task { id } } }')
    id_ = created["data"]["createTask"]["task"]["id"]
    await service.degraded(False)
    ours = transaction.run_write
    ways = {"plain": plain_write, "protocol": ours}
    trips = dict.fromkeys(ways, 0.0)
    spent: dict[str, list[float]] = {name: [] for name in ways}
    number = 0
    for _ in range(ROUNDS):
        for name, way in ways.items():
            edits.run_write = way  # type: ignore[attr-defined]
            before = (await service.counters())["millitask_redis_round_trips_total"]
            for _ in range(EACH):
                number += 1
                began = time.perf_counter()
                await service.ask(UPDATE, id=id_, title=f"Title {number}")
                spent[name].append(time.perf_counter() - began)
            trips[name] += (await service.counters())["millitask_redis_round_trips_total"] - before - 1
    edits.run_write = ours  # type: ignore[attr-defined]
    medians = {name: statistics.median(times) for name, times in spent.items()}
    for name in ways:
        say(f"update, {name}", f"{medians[name] * 1000:.2f} ms, {trips[name] / ROUNDS / EACH:.2f} round trips to Redis")
    say("update, ratio of the medians", f"{medians['protocol'] / medians['plain']:.2f}")


async def cold_page(one: Service, other: Service) -> None:
    """A hundred clients of two processes ask for one page that nobody has asked for yet."""
    for service in (one, other):
        await service.degraded(False)
    before = [(await service.counters())["millitask_row_queries_total"] for service in (one, other)]
    await asyncio.gather(*(service.ask(PAGE, page=7) for service in (one, other) for _ in range(50)))
    after = [(await service.counters())["millitask_row_queries_total"] for service in (one, other)]
    say("queries for one cold page, 100 clients on 2 processes", f"{sum(after) - sum(before):.0f}")
    trips = "millitask_redis_round_trips_total"
    first = (await one.counters())[trips]
    for _ in range(100):
        await one.ask(PAGE, page=7)
    say("round trips to Redis of a warm page", f"{((await one.counters())[trips] - first - 1) / 100:.2f}")


async def limits(urls: StoreUrls) -> None:
    """A warm page of 50 with limits and cost, in turns with neither; the CPU of this process, without HTTP."""
    async with Database(urls.database_url) as database, Redis(urls.redis_url) as redis:
        store = Store(database, redis, StoreMetrics())
        await look(store)
        await with_and_without_limits(store)


async def with_and_without_limits(store: Store) -> None:
    """See `limits`."""
    ways = {"on": build(OperationLimits()), "off": build(OperationLimits(off=True))}
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(2 * ROUNDS):
        for name, schema in ways.items():
            began = time.process_time()
            for _ in range(EACH):
                context = Context(Session(store), "bench", Feed(store))
                result = await schema.execute(PAGE, variable_values={"page": 7}, context_value=context)
                assert not result.errors
            if turn:  # the first one fills what is kept
                spent[name].append(time.process_time() - began)
    medians = {name: statistics.median(times) / EACH * 1000 for name, times in spent.items()}
    for name, milliseconds in medians.items():
        say(f"page of 50, limits and cost {name}", f"{milliseconds:.2f} ms of CPU")
    say("page of 50, limits on / off", f"{medians['on'] / medians['off']:.3f}")


async def without_redis(service: Service) -> None:
    """Totals and deep pages from PostgreSQL."""
    pages = TASKS // 50
    for name, document, variables in (
        ("total", TOTAL, {}),
        (f"page {pages // 2:,}", PAGE, {"page": pages // 2}),
        (f"page {pages:,}", PAGE, {"page": pages}),
    ):
        spent = []
        for _ in range(9):
            began = time.perf_counter()
            assert (await service.ask(document, **variables))["extensions"]["degraded"]
            spent.append(time.perf_counter() - began)
        say(f"degraded: {name} of {TASKS:,}", f"median {statistics.median(spent) * 1000:.0f} ms")


async def rebuild_under_readers(service: Service) -> None:
    """32 clients read while the index is lost and built anew."""
    await service.degraded(False)
    reads, failed, running = 0, 0, True

    async def read(number: int) -> None:
        nonlocal reads, failed
        while running:
            try:
                await service.ask(PAGE, page=1 + (number + reads) % 100)
                reads += 1
            except AssertionError:
                failed += 1

    readers = [asyncio.create_task(read(number)) for number in range(32)]
    await asyncio.sleep(1)
    began = time.monotonic()
    await FLUSH()
    await service.degraded(True)
    await service.degraded(False)
    took = time.monotonic() - began
    running = False
    await asyncio.gather(*readers)
    seconds = (await service.counters())["millitask_rebuild_seconds"]
    say(
        f"rebuild of {TASKS:,} while 32 clients read",
        f"{seconds:.1f} s; {took:.1f} s from the loss to the index in use",
    )
    say("reads meanwhile", f"{reads:,}, {failed} failed")


def say(what: str, measured: str) -> None:
    """A row of the table."""
    sys.stdout.write(f"| {what} | {measured} |\n")
    sys.stdout.flush()


TASKS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
FLUSH: Callable[[], Awaitable[Any]]


def main() -> None:
    """Everything, one after the other."""
    logs.configure(Settings(log_level="critical"))
    global FLUSH
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedStores(Settings(database_url=None, redis_url=None, data_dir=Path(folder))) as urls,
    ):
        migrate(urls.database_url)
        asyncio.run(with_services(urls, 1, single_updates))
        with psycopg.connect(urls.database_url, autocommit=True) as connection:
            connection.execute(MANY, {"count": TASKS})
            connection.execute("VACUUM ANALYZE task")
            connection.execute("UPDATE gate SET state = 'off'")
        import redis.asyncio as client

        FLUSH = client.Redis.from_url(urls.redis_url).flushall
        nowhere = StoreUrls(urls.database_url, "redis://127.0.0.1:1/0")
        asyncio.run(with_services(nowhere, 1, without_redis))
        asyncio.run(with_services(urls, 2, cold_page))
        asyncio.run(limits(urls))
        asyncio.run(with_services(urls, 1, rebuild_under_readers))


if __name__ == "__main__":
    main()
