"""Tests the command `advise`, and that GraphQL returns the same advice."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from api.commands.errors import CommandFailed
from db.pool import Database
from db.usage import Amounts, Cell, Kind, add_usage
from schema.insights.advice import advice_until, advise
from schema.insights.gauges import read_gauges
from schema.types.insights_service import Advice
from tests.integration.api.commands.conftest import Command

HOUR, MB = timedelta(hours=1), 10**6
NOT_ENOUGH = [
    ("Memory of Redis", "0 of the 10,000 tasks read that this advice needs, in the last 7 days."),
    ("Lifetime of entries", "0 of the 10,000 tasks read that this advice needs, in the last 7 days."),
    ("Expensive operations", "0 of the 100 requests that this advice needs, in the last 7 days."),
    ("Page depths", "0 of the 100 pages that this advice needs, in the last 7 days."),
    ("Growth of the index", "a forecast needs 24 hours in which the index was measured."),
]


def this_hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def store(database_url: str, rows: dict[tuple[Kind, str, datetime], Amounts]) -> None:
    async def add() -> None:
        async with Database(database_url) as database, database.connection() as connection:
            cells = {Cell("default", "hour", kind, at, key): each for (kind, key, at), each in rows.items()}
            await add_usage(connection, cells)

    asyncio.run(add())


def findings(database_url: str) -> list[tuple[str, dict[str, float | str | None]]]:
    """Return the codes of the findings, and their values by name."""

    async def read() -> list[Advice]:
        async with Database(database_url) as database, database.connection() as connection:
            now = datetime.now(UTC)
            return await advise(connection, "default", now, await read_gauges(connection, "default", advice_until(now)))

    return [
        (str(each.code.value), {value.name: value.text or value.number for value in each.values})
        for advice in asyncio.run(read())
        for each in advice.findings
    ]


def test_without_counts_each_advice_says_what_is_missing(command: Command) -> None:
    assert command("advise")[0].splitlines() == [f"{title}: Not enough data yet: {text}" for title, text in NOT_ENOUGH]


def test_findings_name_what_is_missing_by_a_stable_identifier(command: Command, database_url: str) -> None:
    tasks, requests, pages, hours = (
        ("not_enough_data", {"found": 0, "needed": 10_000, "unit": "TASKS_READ"}),
        ("not_enough_data", {"found": 0, "needed": 100, "unit": "REQUESTS"}),
        ("not_enough_data", {"found": 0, "needed": 100, "unit": "PAGES"}),
        ("not_enough_data", {"needed": 24, "unit": "HOURS"}),
    )
    assert findings(database_url) == [tasks, tasks, requests, pages, hours]
    store(database_url, {("reuse", "0", this_hour()): Amounts(10_000)})
    assert findings(database_url)[0] == ("not_enough_data", {"found": 0, "needed": 1000, "unit": "TASKS_IN_REDIS"})
    assert "0 of the 1,000 tasks in Redis that this advice needs" in command("advise")[0]


def test_advice_follows_from_the_stored_counts(command: Command, database_url: str) -> None:
    now, hash_ = this_hour(), "c0ffee" * 11
    rows: dict[tuple[Kind, str, datetime], Amounts] = {
        # 90% of the requests are for a task that was requested with fewer than 1,023 others in between.
        ("reuse", "0", now): Amounts(40_000),
        ("reuse", "939", now): Amounts(50_000),
        ("reuse", "new", now): Amounts(10_000),
        ("counter", "hits", now): Amounts(90_000),
        ("counter", "misses", now): Amounts(10_000),
        ("cause", "expired", now): Amounts(5000),
        ("operation", f"{hash_} Page", now): Amounts(300, 9000),
        ("operation", f"{'b' * 64} Cheap", now): Amounts(1000, 1000),
        ("sender", f"{hash_} token:1", now): Amounts(100, 3000),
        ("sender", f"{hash_} token:2", now): Amounts(200, 6000),
        ("depth", "0", now): Amounts(900),
        ("depth", "1", now): Amounts(90),
        ("depth", "1000000", now): Amounts(10),
        ("gauge", "redis_entries", now): Amounts(2000),
        ("gauge", "redis_used_bytes", now): Amounts(12 * MB),
        ("gauge", "redis_index_bytes", now): Amounts(10 * MB),
    }
    for hour in range(30):
        rows["gauge", "index_bytes", now - hour * HOUR] = Amounts(10 * MB - hour * 50_000)
        rows["gauge", "redis_max_bytes", now - hour * HOUR] = Amounts(20 * MB)
    store(database_url, rows)
    size, ttl, operations, depth, memory = command("advise")[0].splitlines()
    # 1,023 tasks of 1,048.6 bytes and the indexes.
    assert "90% needs 11.0 MB (1,023 tasks); 95% is out of reach for any size" in size
    assert "The present maxmemory of 20.0 MB is enough for 90.0%." in size
    assert "5,000 of 10,000 misses (50%) were of entries that had expired" in ttl
    assert "The hit rate is 90.0%. A longer life could raise it to 95.0% at most." in ttl
    assert (
        "Page (c0ffeec0ffee) takes 90% of all points: 300 requests of 30 points, 67% of it by token:2; " in operations
    )
    assert (
        "requested pages began: 90.0% at position 0, 9.0% at position 1 to 99, 1.0% at position 1,000,000 or" in depth
    )
    full_at = now + timedelta(days=10 * MB / (24 * 50_000))
    assert "The index takes 10.0 MB. In 30 measured hours it grew by 1.2 MB a day." in memory
    assert f"So it reaches maxmemory (20.0 MB) on {full_at:%Y-%m-%d}. Raise it before." in memory
    found = findings(database_url)
    reached_at = datetime.fromisoformat(str(found[-1][1].pop("at")))
    assert abs(reached_at - full_at) < timedelta(seconds=1)
    assert found == [
        ("size_for_hit_rate", {"hitRate": 0.8, "bytes": 11_023_000, "tasks": 1023}),
        ("size_for_hit_rate", {"hitRate": 0.9, "bytes": 11_023_000, "tasks": 1023}),
        ("hit_rate_out_of_reach", {"hitRate": 0.95}),
        ("hit_rate_of_maxmemory", {"bytes": 20 * MB, "hitRate": 0.9}),
        ("size_of_entries", {"indexBytes": 10 * MB, "entryBytes": 1000}),
        ("expired_misses", {"expired": 5000, "misses": 10_000, "share": 0.5}),
        ("hit_rate_of_longer_life", {"hitRate": 0.9, "highest": 0.95}),
        (
            "expensive_operation",
            {
                "operation": "Page",
                "hash": hash_,
                "share": 0.9,
                "requests": 300,
                "pointsEach": 30,
                "client": "token:2",
                "clientShare": 6000 / 9000,
            },
        ),
        (
            "expensive_operation",
            {"operation": "Cheap", "hash": "b" * 64, "share": 0.1, "requests": 1000, "pointsEach": 1},
        ),
        ("pages_at_depth", {"share": 0.9, "fromPosition": 0, "toPosition": 1}),
        ("pages_at_depth", {"share": 0.09, "fromPosition": 1, "toPosition": 100}),
        ("pages_at_depth", {"share": 0.01, "fromPosition": 1_000_000}),
        ("index_growth", {"bytes": 10 * MB, "hours": 30, "bytesPerDay": pytest.approx(1.2 * MB)}),
        ("index_full_at", {"bytes": 20 * MB}),
    ]
    figures = command("advise", "--figures")[0]
    assert "  bytes of the indexes: 1e+07" in figures
    assert "  misses of expired entries: 5,000" in figures


def test_size_of_redis_is_the_advice_of_the_default_workspace(command: Command) -> None:
    command("workspace", "create", "other")
    assert "Ask for advice on its size in the workspace default." in command("advise", "--workspace", "other")[0]


def test_unknown_workspace_is_an_error(command: Command) -> None:
    with pytest.raises(CommandFailed, match=r"no workspace nope\..*workspace list"):
        command("advise", "--workspace", "nope")


@pytest.mark.parametrize("growth", [0, -1000])
def test_index_that_does_not_grow_never_fills_redis(command: Command, database_url: str, growth: int) -> None:
    now = this_hour()
    rows: dict[tuple[Kind, str, datetime], Amounts] = {("gauge", "redis_max_bytes", now): Amounts(20 * MB)}
    for hour in range(24):
        rows["gauge", "index_bytes", now - hour * HOUR] = Amounts(10 * MB - hour * growth)
    store(database_url, rows)
    memory = command("advise")[0].splitlines()[-1]
    assert "it did not grow. It does not reach maxmemory (20.0 MB) within ten years." in memory
