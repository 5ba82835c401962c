"""Tests the query `insights` over stored counts: series, lists, periods, and who may ask."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest
from graphql import FieldNode, OperationDefinitionNode, parse, print_ast

from cache.maintenance import usage_recorder
from db.pool import Database
from db.usage import Amounts, Cell, Kind, Resolution, add_usage, page_key
from tests.support.graphql_client import Client
from tests.support.usage_rows import store_usage

FROM = datetime(2026, 3, 1, 12, tzinfo=UTC)
EAST, WEST = timezone(timedelta(hours=14)), timezone(-timedelta(hours=12))
FIRST, LAST = datetime(1, 1, 1, tzinfo=EAST), datetime(9999, 12, 31, 23, tzinfo=WEST)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
FIGURE = "{ total previousTotal points previousPoints }"
GAUGE = "{ last previousLast points previousPoints }"
LATENCY = "{ meanMs p50Ms p95Ms p99Ms }"
REQUESTS = "requests { requests previousRequests }"
EVERYTHING = f"""query ($from: DateTime!, $to: DateTime!, $resolution: InsightsResolution!) {{
  insights(range: {{from: $from, to: $to}}, resolution: $resolution) {{
    from to previousFrom resolution times
    cache {{
      hitRate {FIGURE} hits {FIGURE} misses {FIGURE} missesByCause {{ cause count {{ total }} }}
      pageHitRate {FIGURE} pageHits {FIGURE} pageMisses {FIGURE} pageMissesByCause {{ cause count {{ total }} }}
      degradedReads {FIGURE} sqlQueriesSaved {FIGURE}
    }}
    requests {FIGURE} points {FIGURE} errors {FIGURE} latency {LATENCY} previousLatency {LATENCY}
    operations {{
      name hash {REQUESTS} points previousPoints errors latency {LATENCY} previousLatency {LATENCY}
      clients {{ actor {REQUESTS} points }}
    }}
    tasks {{ id {REQUESTS} }}
    views {{ status order {REQUESTS} }}
    depths {{ fromPosition toPosition {REQUESTS} }}
    pages {{ status order first position {REQUESTS} }}
    clients {{ actor {REQUESTS} points previousPoints }}
    searches {{ text {REQUESTS} }}
    terms {{ text {REQUESTS} }}
    memory {{
      indexBytes {GAUGE} tasks {GAUGE} cachedPageBytes {GAUGE} entries {GAUGE} entryBytes {GAUGE}
      redisUsedBytes {GAUGE} redisMaxBytes {GAUGE} forecast {{ bytesPerDay fullAt hours }}
    }}
    gate {{ at state epoch }} rebuilds {{ startedAt endedAt completed }}
    service {{ name count {FIGURE} }} gauges {{ name gauge {GAUGE} }}
    advice {{ topic text enoughData figures {{ name value }} findings {{ code values {{ name number text }} }} }}
  }}
}}"""
ONE_FIELD = """query ($from: DateTime!, $to: DateTime!, $resolution: InsightsResolution!) {
  insights(range: {from: $from, to: $to}, resolution: $resolution) { ...Field }
}"""


async def store(database_url: str, rows: dict[tuple[Kind, str, datetime], Amounts], resolution: Resolution) -> None:
    async with Database(database_url) as database, database.connection() as connection:
        await add_usage(
            connection, {Cell("default", resolution, kind, at, key): each for (kind, key, at), each in rows.items()}
        )


async def insights(client: Client, since: datetime, until: datetime, resolution: str) -> Any:
    variables = {"from": since.isoformat(), "to": until.isoformat(), "resolution": resolution}
    return (await client.query(EVERYTHING, **variables))["insights"]


async def test_nothing_counted_is_answered_with_zeros_and_nulls(client: Client) -> None:
    found = await insights(client, FROM, FROM + 3 * HOUR, "HOUR")
    assert len(found["times"]) == 3
    assert found["cache"]["hits"] == {
        "total": 0.0,
        "previousTotal": 0.0,
        "points": [0.0] * 3,
        "previousPoints": [0.0] * 3,
    }
    assert found["cache"]["hitRate"]["total"] is None
    assert found["cache"]["hitRate"]["points"] == [None] * 3
    assert [each["cause"] for each in found["cache"]["missesByCause"]] == [
        *("NEVER_CACHED", "EXPIRED", "EVICTED", "CHANGED", "DEGRADED")
    ]
    assert found["operations"] == found["tasks"] == found["clients"] == found["gauges"] == []
    assert len(found["depths"]) == 7
    assert found["memory"]["redisUsedBytes"]["points"] == [None] * 3
    assert found["memory"]["forecast"] is None
    assert [each["topic"] for each in found["advice"]] == ["REDIS_SIZE", "TTL", "OPERATIONS", "DEPTH", "MEMORY"]
    assert not any(each["enoughData"] for each in found["advice"])
    assert found["latency"] == {"meanMs": None, "p50Ms": None, "p95Ms": None, "p99Ms": None}


async def test_series_have_a_point_for_each_hour_and_the_period_before(client: Client, database_url: str) -> None:
    rows: dict[tuple[Kind, str, datetime], Amounts] = {
        ("counter", "hits", FROM): Amounts(30),
        ("counter", "misses", FROM): Amounts(10),
        ("counter", "hits", FROM + HOUR): Amounts(50),
        ("counter", "hits", FROM - HOUR): Amounts(1),
        ("counter", "hits", FROM - 2 * HOUR): Amounts(3),
        ("counter", "misses", FROM - 2 * HOUR): Amounts(1),
        ("counter", "hits", FROM - 3 * HOUR): Amounts(7777),
        ("counter", "hits", FROM + 2 * HOUR): Amounts(7777),
        ("cause", "evicted", FROM): Amounts(10),
        ("gauge", "index_bytes", FROM + HOUR): Amounts(500),
        ("gauge", "page_cache_bytes", FROM): Amounts(30),
        ("gauge", "redis_used_bytes", FROM): Amounts(900),
        ("gauge", "redis_index_bytes", FROM): Amounts(500),
    }
    await store(database_url, rows, "hour")
    found = await insights(client, FROM + MINUTE, FROM + HOUR + MINUTE, "HOUR")
    assert (found["from"], found["to"]) == ("2026-03-01T12:00:00.000000+00:00", "2026-03-01T14:00:00.000000+00:00")
    assert found["previousFrom"] == "2026-03-01T10:00:00.000000+00:00"
    cache, memory = found["cache"], found["memory"]
    assert cache["hits"] == {"total": 80, "previousTotal": 4, "points": [30, 50], "previousPoints": [3, 1]}
    assert cache["hitRate"] == {
        "total": 80 / 90,
        "previousTotal": 0.8,
        "points": [0.75, 1],
        "previousPoints": [0.75, 1],
    }
    assert {"cause": "EVICTED", "count": {"total": 10}} in cache["missesByCause"]
    assert memory["indexBytes"] == {
        "last": 500,
        "previousLast": None,
        "points": [None, 500],
        "previousPoints": [None, None],
    }
    assert memory["cachedPageBytes"]["points"] == [30, None]
    assert memory["entryBytes"]["points"] == [400, None]


async def test_operations_have_their_cost_latency_and_clients(client: Client, database_url: str) -> None:
    hash_ = "a" * 64
    rows: dict[tuple[Kind, str, datetime], Amounts] = {
        ("operation", f"{hash_} Costly", FROM): Amounts(4, 400, 1, 0.02, [0, 0, 4, *[0] * 11]),
        ("operation", "- (other)", FROM): Amounts(100, 1, 0, 1.0, [0] * 13 + [100]),
        ("operation", f"{hash_} Costly", FROM - MINUTE): Amounts(1, 100, 0, 0.001, [1, *[0] * 13]),
        ("sender", f"{hash_} token:1", FROM): Amounts(1, 100),
        ("sender", f"{hash_} token:2 with spaces", FROM): Amounts(3, 300),
        ("client", "token:2 with spaces", FROM): Amounts(3, 300),
    }
    await store(database_url, rows, "minute")
    found = await insights(client, FROM, FROM + MINUTE, "MINUTE")
    costly, other = found["operations"]
    assert (costly["name"], costly["hash"], costly["points"], costly["previousPoints"]) == ("Costly", hash_, 400, 100)
    assert costly["requests"] == {"requests": 4, "previousRequests": 1}
    assert costly["errors"] == 1
    assert costly["latency"]["meanMs"] == 5
    assert costly["latency"]["p50Ms"] == pytest.approx(3.75)
    assert costly["previousLatency"]["p99Ms"] == pytest.approx(0.99)
    assert [each["actor"] for each in costly["clients"]] == ["token:2 with spaces", "token:1"]
    assert (other["name"], other["hash"]) == ("(other)", None)
    assert other["latency"]["p50Ms"] == 10_000
    assert (found["requests"]["points"], found["points"]["total"], found["errors"]["total"]) == ([104], 401, 1)
    assert found["clients"] == [
        {
            "actor": "token:2 with spaces",
            "requests": {"requests": 3, "previousRequests": 0},
            "points": 300,
            "previousPoints": 0,
        }
    ]


async def test_lists_have_the_most_requested_first(client: Client, database_url: str) -> None:
    often, seldom = str(uuid4()), str(uuid4())
    rows: dict[tuple[Kind, str, datetime], Amounts] = {
        ("task", seldom, FROM): Amounts(1),
        ("task", often, FROM): Amounts(5),
        ("task", seldom, FROM - HOUR): Amounts(9),
        ("page", page_key("DONE", "NEWEST", 20, 40), FROM): Amounts(2),
        ("view", "- NEWEST", FROM): Amounts(3),
        ("view", "IN_PROGRESS EXPIRING_SOON", FROM): Amounts(4),
        ("depth", "100", FROM): Amounts(6),
        ("search", "words", FROM): Amounts(7),
        ("term", "invoice", FROM): Amounts(7),
    }
    await store(database_url, rows, "hour")
    found = await insights(client, FROM, FROM + HOUR, "HOUR")
    assert found["tasks"] == [
        {"id": often, "requests": {"requests": 5, "previousRequests": 0}},
        {"id": seldom, "requests": {"requests": 1, "previousRequests": 9}},
    ]
    [page] = found["pages"]
    assert (page["status"], page["order"], page["first"], page["position"]) == ("DONE", "NEWEST", 20, 40)
    assert [(each["status"], each["order"]) for each in found["views"]] == [
        ("IN_PROGRESS", "EXPIRING_SOON"),
        (None, "NEWEST"),
    ]
    assert found["depths"][2]["fromPosition"] == 100
    assert found["depths"][2]["toPosition"] == 1000
    assert found["depths"][2]["requests"]["requests"] == 6
    assert (found["searches"][0]["text"], found["terms"][0]["text"]) == ("words", "invoice")
    # A range of minutes has the lists of its hour.
    of_minutes = await insights(client, FROM, FROM + MINUTE, "MINUTE")
    assert of_minutes["tasks"] == found["tasks"]


def rounded(value: Any) -> Any:
    """Return a value whose sums of floats do not depend on the order of the rows."""
    return json.loads(json.dumps(value), parse_float=lambda text: round(float(text), 6))


@pytest.fixture
def unrecorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the service store nothing of what it counts during the test."""
    monkeypatch.setattr(usage_recorder, "STORE_SECONDS", 3600.0)


@pytest.mark.usefixtures("unrecorded")
@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(days=20)], ids=["has ended", "ends later"])
async def test_each_field_alone_is_as_in_the_whole_report(client: Client, database_url: str, ahead: timedelta) -> None:
    await store_usage(database_url, hours=100)
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    since, until = hour - 30 * HOUR, hour + ahead
    whole = await insights(client, since, until, "HOUR")
    variables = {"from": since.isoformat(), "to": until.isoformat(), "resolution": "HOUR"}
    operation = parse(EVERYTHING).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    [all_insights] = operation.selection_set.selections
    assert isinstance(all_insights, FieldNode)
    assert all_insights.selection_set is not None
    for field in all_insights.selection_set.selections:
        document = f"{ONE_FIELD} fragment Field on Insights {{ {print_ast(field)} }}"
        [(name, found)] = (await client.query(document, **variables))["insights"].items()
        if name == "advice":  # the service adds what it counts now
            assert [(each["topic"], each["enoughData"]) for each in found] == [
                *(("REDIS_SIZE", False), ("TTL", True), ("OPERATIONS", True), ("DEPTH", True), ("MEMORY", True))
            ]
        else:
            assert rounded(found) == rounded(whole[name]), name
        assert found or name in ("gate", "rebuilds", "terms", "pages"), name


async def test_only_what_is_selected_is_read(client: Client) -> None:
    variables = {"from": FROM.isoformat(), "to": (FROM + HOUR).isoformat(), "resolution": "HOUR"}
    queries = []
    for field in ("times", "times advice { topic }", "times clients { actor } memory { forecast { hours } }"):
        body = {"query": f"{ONE_FIELD} fragment Field on Insights {{ {field} }}", "variables": variables}
        answer = (await client.http.post("/graphql", json=body, headers={"X-Millitask-Trace": "1"})).json()
        queries.append(answer["extensions"]["cache"]["sqlQueries"])
    assert queries == [0, 2, 3]


async def test_totals_of_whole_days_come_from_the_days(client: Client, database_url: str) -> None:
    midnight = FROM.replace(hour=0)
    for resolution, at, number in (
        ("hour", midnight - HOUR, 1),
        ("hour", midnight + HOUR, 10),  # is part of the day
        ("day", midnight, 100),
        ("hour", midnight + 24 * HOUR, 1000),
    ):
        rows: dict[tuple[Kind, str, datetime], Amounts] = {("client", "a", at): Amounts(number)}
        await store(database_url, rows, resolution)  # type: ignore[arg-type]
    [of_client] = (await insights(client, midnight - HOUR, midnight + 25 * HOUR, "HOUR"))["clients"]
    assert of_client["requests"] == {"requests": 1101, "previousRequests": 0}


async def test_growth_of_the_index_is_forecast(client: Client, database_url: str) -> None:
    rows: dict[tuple[Kind, str, datetime], Amounts] = {}
    for hour in range(48):
        rows["gauge", "index_bytes", FROM - hour * HOUR] = Amounts(10_000_000 - hour * 1000)
        rows["gauge", "redis_max_bytes", FROM - hour * HOUR] = Amounts(10_240_000)
    await store(database_url, rows, "hour")
    forecast = (await insights(client, FROM, FROM + HOUR, "HOUR"))["memory"]["forecast"]
    assert forecast["bytesPerDay"] == pytest.approx(24_000)
    # 240,000 bytes are left.
    assert datetime.fromisoformat(forecast["fullAt"]) - FROM == pytest.approx(
        timedelta(days=10), abs=timedelta(minutes=1)
    )
    assert forecast["hours"] == 48


async def test_gate_and_rebuilds_are_listed(client: Client) -> None:
    now = datetime.now(UTC)
    found = await insights(client, now - HOUR, now + HOUR, "HOUR")
    assert [event["state"] for event in found["gate"]] == ["BUILDING", "ON"]
    assert [rebuild["completed"] for rebuild in found["rebuilds"]] == [True]


@pytest.mark.parametrize(
    ("since", "until", "problem"),
    [
        (FROM, FROM, "range must begin after 1970 and end after its start"),
        (FROM, FROM - HOUR, "range must begin after 1970 and end after its start"),
        # Neither has a time in UTC.
        (FIRST, FROM, "range must begin after 1970 and end after its start"),
        (FROM, LAST, "range must begin after 1970 and end after its start"),
        (FROM, FROM + 1501 * MINUTE, "range must have at most 1,500 points, not 1,501. Choose a coarser resolution."),
    ],
)
async def test_impossible_range_is_an_error(client: Client, since: datetime, until: datetime, problem: str) -> None:
    variables = {"from": since.isoformat(), "to": until.isoformat(), "resolution": "MINUTE"}
    error = await client.error(EVERYTHING, **variables)
    assert problem in error["message"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
