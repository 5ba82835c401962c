"""Tests that what clients request is counted and stored, and agrees with /metrics."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.app import create_app
from api.config.settings import Settings
from cache.maintenance import usage_recorder
from db.connection import Connection
from db.pool import Database
from db.usage import most_requested_pages, most_requested_tasks
from tests.support.graphql_client import Client, ready

PAGE = "query Page($first: Int, $page: Int) { tasks(first: $first, page: $page) { totalCount nodes { id title } } }"
TASK = "query One($id: ID!) { task(id: $id) { title } }"
SEARCH = "query Search($text: String!) { searchTasks(query: $text, first: 5) { nodes { id } } }"
COUNTS = "{ taskCounts { all } }"
INSIGHTS = """query Insights($from: DateTime!, $to: DateTime!) {
  insights(range: {from: $from, to: $to}, resolution: HOUR) {
    cache {
      hits { total } misses { total } pageHits { total } pageMisses { total } degradedReads { total }
      sqlQueriesSaved { total }
      missesByCause { cause count { total } } pageMissesByCause { cause count { total } }
    }
    requests { total }
    operations { name requests { requests } errors points clients { actor requests { requests } } latency { p50Ms } }
    tasks { id requests { requests } }
    pages { first position requests { requests } }
    depths { fromPosition requests { requests } }
    views { status order requests { requests } }
    clients { actor requests { requests } }
    searches { text requests { requests } }
    terms { text requests { requests } }
    service { name count { total } }
    memory { tasks { last } indexBytes { last } redisUsedBytes { last } cachedPageBytes { last } }
  }
}"""
Store = Callable[[], Awaitable[None]]


@asynccontextmanager
async def service(settings: Settings) -> AsyncIterator[tuple[Client, Store]]:
    """Run the service and yield a client, and a function that stores what was counted."""
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost", timeout=30) as http,
    ):
        client = Client(http)
        await ready(client)
        yield client, app.state.usage_recorder.store


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    return Settings(database_url=database_url, redis_url=redis_url)


@pytest.fixture
async def counted(settings: Settings) -> AsyncIterator[tuple[Client, Store]]:
    async with service(settings) as running:
        yield running


async def insights(client: Client) -> Any:
    now = datetime.now(UTC)
    variables = {"from": (now - timedelta(hours=1)).isoformat(), "to": (now + timedelta(hours=1)).isoformat()}
    return (await client.query(INSIGHTS, **variables))["insights"]


def by(items: list[dict[str, Any]], name: str) -> dict[Any, Any]:
    """Return the numbers of a list by the value of a field."""
    numbers: dict[Any, Any] = {}
    for item in items:
        number = item.get("count") or item["requests"]
        numbers[item[name]] = numbers.get(item[name], 0) + number.get("total", number.get("requests", 0))
    return numbers


async def metrics(client: Client) -> dict[tuple[str, ...], float]:
    """Return the samples of /metrics by name and labels."""
    families = text_string_to_metric_families((await client.http.get("/metrics")).text)
    return {(sample.name, *sample.labels.values()): sample.value for each in families for sample in each.samples}


async def stored_metrics(client: Client, store: Store) -> dict[tuple[str, ...], float]:
    """Store what was counted, and return the metrics of the same moment: no background work read in between."""
    names = ("hits", "misses", "rebuilds")
    while True:
        before = await metrics(client)
        await store()
        after = await metrics(client)
        if all(before[key] == after[key] for key in [(f"millitask_{name}_total",) for name in names]):
            return after


async def test_figures_agree_with_metrics(counted: tuple[Client, Store]) -> None:
    client, store = counted
    ids = await client.create_many([f"Task {number}" for number in range(30)])
    for _ in range(3):
        for page in (1, 2):
            await client.query(PAGE, first=10, page=page)
    await client.query(PAGE, first=25)
    for id_ in ids[:3] * 2:
        await client.query(TASK, id=id_)
    await client.query(COUNTS)
    await client.query(SEARCH, text="task")
    await client.send("{ tasks { nonsense } }")
    samples = await stored_metrics(client, store)
    found = await insights(client)

    def metric(name: str, *labels: str) -> float:
        return samples[f"millitask_{name}", *labels]

    cache = found["cache"]
    for name, field in (
        *(("hits", "hits"), ("misses", "misses"), ("page_hits", "pageHits")),
        *(("page_misses", "pageMisses"), ("degraded_reads", "degradedReads")),
    ):
        assert cache[field]["total"] == metric(f"{name}_total"), name
    assert cache["hits"]["total"] > 0
    assert cache["misses"]["total"] > 0
    assert cache["pageHits"]["total"] == 4
    causes = by(cache["missesByCause"], "cause")
    assert causes.pop("DEGRADED") >= 0
    assert sum(causes.values()) == cache["misses"]["total"]
    assert sum(by(cache["pageMissesByCause"], "cause").values()) == cache["pageMisses"]["total"]
    operations = by(found["operations"], "name")
    assert operations == {
        name: sum(value for key, value in samples.items() if key[:2] == ("millitask_requests_total", name))
        for name in operations
    }
    errors = [value for key, value in samples.items() if key[0] == "millitask_requests_total" and key[2] != "OK"]
    assert sum(operation["errors"] for operation in found["operations"]) == sum(errors) == 1
    assert by(found["operations"], "name")["Page"] == 7
    assert sum(by(found["operations"], "name").values()) == found["requests"]["total"]
    service_counters = by(found["service"], "name")
    assert service_counters["hits"] == metric("hits_total")
    assert service_counters["rebuilds"] == metric("rebuilds_total") == 1


async def test_tasks_and_pages_are_counted_by_what_was_in_them(
    counted: tuple[Client, Store], connection: Connection
) -> None:
    client, store = counted
    ids = await client.create_many([f"Task {number}" for number in range(30)])
    newest = ids[::-1]
    # The first is executed, the others come from the page cache.
    for _ in range(5):
        await client.query(PAGE, first=10, page=2)
    await client.query(PAGE, first=10)
    for _ in range(3):
        await client.query(TASK, id=newest[10])
    await store()
    most = {str(id_): count for id_, count in await most_requested_tasks(connection, "default", 100)}
    # Subscriptions of the service itself may have read the tasks too, once each.
    assert most[newest[10]] - 8 in (0, 1)
    assert most[newest[11]] - 5 in (0, 1)
    assert most[newest[0]] - 1 in (0, 1)
    [second, first] = await most_requested_pages(connection, "default", 10)
    assert (second.status, second.order, second.first, second.position, second.count) == (None, "NEWEST", 10, 10, 5)
    assert (first.first, first.position, first.count) == (10, 0, 1)
    found = await insights(client)
    assert by(found["depths"], "fromPosition") == {0: 1, 1: 5, 100: 0, 1000: 0, 10_000: 0, 100_000: 0, 1_000_000: 0}
    assert found["views"] == [{"status": None, "order": "NEWEST", "requests": {"requests": 6}}]
    assert found["clients"][0]["actor"] == "anonymous"
    assert found["memory"]["tasks"]["last"] == 30
    assert found["memory"]["indexBytes"]["last"] > 1000
    assert found["memory"]["redisUsedBytes"]["last"] > found["memory"]["indexBytes"]["last"]
    assert found["memory"]["cachedPageBytes"]["last"] > 1000


async def test_page_misses_have_their_cause(counted: tuple[Client, Store]) -> None:
    client, store = counted
    await client.create_many([f"Task {number}" for number in range(5)])
    await client.query(PAGE, first=5)
    await client.query(PAGE, first=5)
    await client.create()
    await client.query(PAGE, first=5)
    await store()
    causes = by((await insights(client))["cache"]["pageMissesByCause"], "cause")
    assert causes["INVALIDATED"] == 1
    assert causes["NOT_CACHED"] == 1


@pytest.mark.parametrize("keeps_terms", [False, True])
async def test_search_terms_are_stored_only_if_enabled(
    settings: Settings, admin: psycopg.Connection, keeps_terms: bool
) -> None:
    async with service(settings.model_copy(update={"usage_terms": keeps_terms})) as (client, store):
        await client.create(title="Secret invoice")
        await client.query(SEARCH, text="Secret")
        await store()
        found = await insights(client)
        assert by(found["searches"], "text") == {"words": 1}
        assert by(found["terms"], "text") == ({"secret": 1} if keeps_terms else {})
    everything = admin.execute("SELECT usage_count::text FROM usage_count").fetchall()
    assert any("secret" in row.lower() for (row,) in everything) == keeps_terms
    assert not any("invoice" in row.lower() for (row,) in everything)


async def test_nothing_is_counted_if_usage_is_off(settings: Settings, admin: psycopg.Connection) -> None:
    async with service(settings.model_copy(update={"usage": False})) as (client, _):
        await client.create()
        for _ in range(3):
            await client.query(PAGE, first=5)
    assert admin.execute("SELECT count(*) FROM usage_count").fetchone() == (0,)


async def test_last_counts_are_stored_when_the_service_stops(settings: Settings, database_url: str) -> None:
    async with service(settings) as (client, _):
        task = await client.create()
        for _ in range(4):
            await client.query(TASK, id=task["id"])
    async with Database(database_url) as database, database.connection() as connection:
        [(id_, count)] = await most_requested_tasks(connection, "default", 10)
    assert str(id_) == task["id"]
    assert count in (4, 5)


async def test_counts_are_stored_while_the_service_runs(
    settings: Settings, admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage_recorder, "STORE_SECONDS", 0.05)
    async with service(settings) as (client, _):
        await client.query(COUNTS)
        for _ in range(400):
            if admin.execute("SELECT count(*) FROM usage_count WHERE kind = 'client'").fetchone() != (0,):
                return
            await asyncio.sleep(0.05)
        pytest.fail("Nothing was stored.")


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[Connection]:
    async with Database(database_url) as database, database.connection() as connection:
        yield connection


@pytest.fixture
def admin(database_url: str) -> Any:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection
