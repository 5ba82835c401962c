"""Tests the plans of the statements on usage, with as many rows as a busy service has in some days."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import psycopg
import pytest

from db.arrays import text_array, time_array
from db.usage_reports import REQUEST_SERIES, USAGE_SERIES, USAGE_TOTALS
from db.usage_retention import PURGE_USAGE

# 500 hours of 100 rows by hour, 20 hours of them too old; and 50 days and 500 minutes of 10 rows each.
FILL: LiteralString = """
    INSERT INTO usage_count (workspace_id, resolution, kind, starts_at, key, requests)
    SELECT 'default', 'hour'::usage_resolution, (ARRAY['operation', 'sender', 'client', 'counter'])[1 + n % 4],
           date_trunc('hour', now()) - make_interval(hours => 1730 + hour), 'key ' || n, n
    FROM generate_series(0, 499) AS hour, generate_series(0, 99) AS n
    UNION ALL
    SELECT 'default', 'day', 'operation', date_trunc('day', now()) - make_interval(days => day), 'key ' || n, n
    FROM generate_series(0, 49) AS day, generate_series(0, 9) AS n
    UNION ALL
    SELECT 'other', 'minute', 'operation', date_trunc('minute', now()) - make_interval(mins => minute), 'key ' || n, n
    FROM generate_series(0, 499) AS minute, generate_series(0, 9) AS n
"""


@pytest.fixture
async def filled(database_url: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute(FILL)
        await connection.execute("VACUUM ANALYZE usage_count")
        yield connection


async def test_statements_on_usage_read_no_whole_table(filled: psycopg.AsyncConnection[Any]) -> None:
    now = datetime.now(UTC)
    since, middle = now - timedelta(hours=1780), now - timedelta(hours=1760)
    params: dict[str, Any] = {
        "workspace": "default", "resolution": "hour", "kinds": text_array(["operation", "sender"]), "keys": None,
        "since": since, "middle": middle, "until": now - timedelta(hours=1740), "most": 1000,
        "resolutions": text_array(["hour", "day", "hour"]),
        "starts": time_array([since, middle, middle]), "ends": time_array([middle, middle, now]),
        "minute": timedelta(days=3), "hour": timedelta(days=92), "day": timedelta(days=400), "batch": 1000,
    }  # fmt: skip
    for statement in (PURGE_USAGE, USAGE_TOTALS, USAGE_SERIES, REQUEST_SERIES):
        rows = await (await filled.execute("EXPLAIN " + statement, params)).fetchall()
        plan = "\n".join(line for (line,) in rows)
        assert "Seq Scan on usage_count" not in plan, plan
        assert "usage_count" in plan
