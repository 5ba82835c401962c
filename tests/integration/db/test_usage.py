"""Tests the rows of usage: several processes add to them, the most requested ones are found, old and small ones end."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from db.connection import Connection
from db.gate import begin_building, close_gate, switch_off, switch_on, write_building
from db.pool import Database
from db.usage import (
    Amounts,
    Cell,
    Kind,
    RequestedPage,
    Resolution,
    add_usage,
    most_requested_pages,
    most_requested_tasks,
    page_key,
)
from db.usage_reports import Span, gate_events, request_series, usage_series, usage_totals
from db.usage_retention import MOST, prune_usage, purge_gate_events, purge_usage, remove_usage
from db.workspaces import set_state
from tests.support.token_factories import make_workspace

HOUR = timedelta(hours=1)


def this_hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def cell(
    kind: Kind, key: str, starts_at: datetime, resolution: Resolution = "hour", workspace: str = "default"
) -> Cell:
    return Cell(workspace, resolution, kind, starts_at, key)


def stored(admin: psycopg.Connection, kind: str) -> list[tuple[object, ...]]:
    rows = admin.execute(
        "SELECT key, requests, points, errors, seconds, durations FROM usage_count WHERE kind = %s ORDER BY 1", (kind,)
    )
    return rows.fetchall()


async def test_amounts_of_several_processes_add_up(database: Database, admin: psycopg.Connection) -> None:
    now = this_hour()
    rows = {
        cell("operation", f"hash {number}", now): Amounts(2, 10, 1, 0.5, [1, *[0] * 12, number]) for number in range(50)
    }

    async def add(order: int) -> None:
        async with database.transaction() as connection:
            # The rows arrive in different orders. They are locked in one.
            await add_usage(connection, dict(list(rows.items())[::order]))

    await asyncio.gather(*(add(order) for order in (1, -1) * 10))
    assert len(stored(admin, "operation")) == 50
    assert stored(admin, "operation")[3] == ("hash 11", 40, 200, 20, 10.0, [20, *[0] * 12, 220])


async def test_gauge_keeps_its_largest_value(connection: Connection, admin: psycopg.Connection) -> None:
    for value in (5, 9, 7):
        await add_usage(connection, {cell("gauge", "index_bytes", this_hour()): Amounts(value)})
    assert stored(admin, "gauge") == [("index_bytes", 9, 0, 0, 0.0, None)]


async def test_most_requested_tasks_of_the_last_days_are_returned(connection: Connection) -> None:
    often, seldom, old = uuid4(), uuid4(), uuid4()
    now = this_hour()
    await add_usage(
        connection,
        {
            cell("task", str(seldom), now): Amounts(5),
            cell("task", str(often), now): Amounts(4),
            cell("task", str(often), now - 20 * HOUR): Amounts(4),
            cell("task", str(often), now, "day"): Amounts(100),
            cell("task", str(old), now - 60 * HOUR): Amounts(1000),
            cell("task", str(uuid4()), now, workspace="other"): Amounts(1000),
        },
    )
    assert await most_requested_tasks(connection, "default", 10) == [(often, 8), (seldom, 5)]
    assert await most_requested_tasks(connection, "default", 1) == [(often, 8)]
    assert await most_requested_tasks(connection, "empty", 1) == []


async def test_most_requested_pages_are_returned_with_their_place(connection: Connection) -> None:
    now = this_hour()
    await add_usage(
        connection,
        {
            cell("page", page_key(None, "NEWEST", 50, 0), now): Amounts(3),
            cell("page", page_key("DONE", "EXPIRING_SOON", 20, 1_000_000), now): Amounts(7),
        },
    )
    assert await most_requested_pages(connection, "default", 5) == [
        RequestedPage("DONE", "EXPIRING_SOON", 20, 1_000_000, 7),
        RequestedPage(None, "NEWEST", 50, 0, 3),
    ]


async def test_rows_end_with_the_retention_of_their_resolution(
    connection: Connection, admin: psycopg.Connection
) -> None:
    now = datetime.now(UTC)
    ages: dict[str, tuple[Resolution, timedelta]] = {
        "a new minute": ("minute", timedelta(days=2)),
        "an old minute": ("minute", timedelta(days=4)),
        "a new hour": ("hour", timedelta(days=91)),
        "an old hour": ("hour", timedelta(days=93)),
        "a new day": ("day", timedelta(days=399)),
        "an old day": ("day", timedelta(days=401)),
    }
    await add_usage(
        connection, {cell("counter", key, now - age, resolution): Amounts(1) for key, (resolution, age) in ages.items()}
    )
    assert await purge_usage(connection, timedelta(days=400), 2) == 2
    assert await purge_usage(connection, timedelta(days=400), 2) == 1
    assert [key for key, *_ in stored(admin, "counter")] == ["a new day", "a new hour", "a new minute"]
    # A short retention holds for every resolution.
    assert await purge_usage(connection, timedelta(days=1), 10) == 3


async def test_only_the_most_requested_rows_of_an_hour_stay(connection: Connection, admin: psycopg.Connection) -> None:
    now, most = this_hour(), MOST["client"]
    for workspace in ("default", "other"):
        await add_usage(
            connection,
            {cell("client", f"{n:04}", now, workspace=workspace): Amounts(n) for n in range(most + 20)}
            | {cell("client", f"{n:04}", now - 9 * HOUR, workspace=workspace): Amounts(n) for n in range(most + 20)}
            | {cell("counter", f"{n:04}", now, workspace=workspace): Amounts(n) for n in range(most + 20)},
        )
    assert await prune_usage(connection, ["default"], 2 * HOUR) == 20
    assert await prune_usage(connection, ["default"], 2 * HOUR) == 0
    left = admin.execute(
        "SELECT workspace_id, kind, count(*), min(requests) FROM usage_count WHERE starts_at = %s GROUP BY 1, 2", (now,)
    )
    assert set(left.fetchall()) == {
        ("default", "client", most + 1, 20),  # the further row is that of the pruned ones
        ("default", "counter", most + 20, 0),
        ("other", "client", most + 20, 0),
        ("other", "counter", most + 20, 0),
    }


async def test_pruned_operations_stay_in_the_sums(connection: Connection, admin: psycopg.Connection) -> None:
    now, most = this_hour(), MOST["operation"]

    async def add(requests: int) -> None:
        durations = [1, *[0] * 12, 2]
        rows = {
            cell("operation", f"{n:04} Name", now): Amounts(requests, 10, 1, 0.5, durations) for n in range(most + 3)
        }
        await add_usage(connection, rows)
        await prune_usage(connection, ["default"], 2 * HOUR)

    await add(5)
    await add(7)
    rows = {str(row[0]): row[1:] for row in stored(admin, "operation")}
    assert len(rows) == most + 1
    # Three rows were pruned, came again, and were pruned again.
    assert rows["- (other)"] == (36, 60, 6, 3.0, [6, *[0] * 12, 12])


@pytest.mark.parametrize("state", ["deleting", "suspended"])
async def test_usage_ends_with_its_workspace(connection: Connection, admin: psycopg.Connection, state: str) -> None:
    await make_workspace(connection, "old")
    await set_state(connection, "old", state)  # type: ignore[arg-type]
    rows = {cell("counter", str(n), this_hour(), workspace=name): Amounts(1) for n in range(5) for name in ("old", "b")}
    await add_usage(connection, rows)
    admin.execute("INSERT INTO gate_event (workspace_id, epoch, state) VALUES ('old', 1, 'on'), ('b', 1, 'on')")
    await remove_usage(connection, "old", batch=2)
    left = admin.execute("SELECT DISTINCT workspace_id FROM usage_count ORDER BY 1").fetchall()
    assert left == admin.execute("SELECT DISTINCT workspace_id FROM gate_event ORDER BY 1").fetchall()
    assert left == ([("b",)] if state == "deleting" else [("b",), ("old",)])


async def test_series_and_totals_tell_the_two_periods_apart(connection: Connection) -> None:
    now = this_hour()
    await add_usage(
        connection,
        {
            cell("counter", "hits", now): Amounts(3),
            cell("counter", "hits", now - HOUR): Amounts(5),
            cell("counter", "hits", now - 2 * HOUR): Amounts(1000),
            cell("operation", "h A", now): Amounts(2, 20, 1, 0.1, [0, 2, *[0] * 12]),
            cell("operation", "h B", now): Amounts(1, 10),
            cell("operation", "h A", now - HOUR): Amounts(4, 40),
        },
    )
    points = await usage_series(connection, "default", "hour", ["counter"], now - HOUR, now + HOUR)
    assert sorted(points) == [("counter", "hits", now - HOUR, 5), ("counter", "hits", now, 3)]
    assert sorted(await request_series(connection, "default", "hour", now - HOUR, now + HOUR)) == [
        (now - HOUR, 4, 40, 0),
        (now, 3, 30, 1),
    ]
    assert await usage_totals(connection, "default", ["operation"], [Span("hour", now - HOUR, now + HOUR)], now) == [
        ("operation", "h A", False, 4, 40, 0, 0.0, []),
        ("operation", "h A", True, 2, 20, 1, 0.1, [0, 2, *[0] * 12]),
        ("operation", "h B", True, 1, 10, 0, 0.0, []),
    ]


async def test_every_change_of_a_gate_is_recorded_in_order(database: Database, admin: psycopg.Connection) -> None:
    since = datetime.now(UTC) - HOUR
    async with database.transaction() as connection:
        epoch = await begin_building(connection, "default")
        assert epoch is not None
        assert await write_building(connection, "default", epoch, "run")
    async with database.connection() as connection:
        assert await switch_on(connection, "default", epoch)
        # A use of the index is no change.
        admin.execute("UPDATE gate SET used_at = clock_timestamp()")
        assert await close_gate(connection, "default", epoch, lost=True)
        assert await switch_off(connection, "default", epoch)
        events = await gate_events(connection, "default", since, datetime.now(UTC) + HOUR)
        assert [(event.state, event.epoch) for event in events] == [
            ("building", epoch),
            ("on", epoch),
            ("closing", epoch),
            ("off", epoch),
        ]
        assert await gate_events(connection, "other", since, datetime.now(UTC) + HOUR) == []
        assert await purge_gate_events(connection, timedelta(days=1), 10) == 0
        assert await purge_gate_events(connection, timedelta(0), 3) == 3


def test_user_without_rights_on_the_history_can_change_a_gate(admin: psycopg.Connection) -> None:
    admin.execute("INSERT INTO gate (workspace_id, state, epoch, redis_run_id) VALUES ('default', 'off', 1, '')")
    name = f"writer_{admin.info.dbname}"
    admin.execute(f"CREATE ROLE {name}")
    try:
        admin.execute(f"GRANT SELECT, UPDATE ON gate TO {name}")
        admin.execute(f"SET ROLE {name}")
        admin.execute("UPDATE gate SET state = 'building' WHERE workspace_id = 'default'")
        admin.execute("RESET ROLE")
        assert admin.execute("SELECT state FROM gate_event").fetchall() == [("building",)]
    finally:
        admin.execute("RESET ROLE")
        admin.execute(f"DROP OWNED BY {name}")
        admin.execute(f"DROP ROLE {name}")
