"""Suite `search`: latency of searches and filters in PostgreSQL, by the number of matching tasks."""

import asyncio
import random
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from api.config.settings import Settings
from api.devstores import EmbeddedStores
from benchmarks.report import Report
from db.connection import Connection
from db.filters import RowFilter, matching_filter
from db.migrations import migrate
from db.pages import NEWEST_POSITION
from db.pool import Database
from db.search import matching_words
from db.task import Status

# PostgreSQL's words of these texts are those of the service.
FILL = """
    INSERT INTO task (workspace_id, id, title, description, priority, status, created_at, words, words_version)
    SELECT 'default', uuidv7(), title, description, (enum_range(NULL::task_priority))[1 + n %% 5],
           (enum_range(NULL::task_status))[1 + n %% 3],
           now() - make_interval(secs => %(count)s - n), to_tsvector('simple', title || ' ' || description), 1
    FROM generate_series(1, %(count)s) AS n
    CROSS JOIN LATERAL (
        SELECT 'Task ' || n AS title,
               'word' || n %% 10 || ' tenth' || n %% 10 || ' hundredth' || n %% 100 || ' thousandth' || n %% 1000
               || CASE WHEN n < %(count)s / 10 THEN ' old' ELSE '' END || repeat(' filling', 8) AS description
    ) AS texts
"""
SEARCHES = {
    "in 10% of the tasks": [f"'tenth{n}'" for n in range(10)],
    "in 10%, by prefix": [f"'tenth{n}':*" for n in range(10)],
    "in 1%": [f"'hundredth{n}'" for n in range(0, 100, 3)],
    "in 0.1%": [f"'thousandth{n}'" for n in range(0, 1000, 30)],
    "in one task": [f"'{n}'" for n in range(50_001, 50_040)],
    "two words, in 10% and in 1%": [f"'tenth{n % 10}' & 'hundredth{n}'" for n in range(0, 100, 3)],
    "two words, never in the same task": [f"'tenth{n}' & 'tenth{(n + 1) % 10}'" for n in range(10)],
    "in the oldest 10%": ["'old'"] * 5,
    "prefix of one letter": ["'t':*", "'w':*", "'h':*"],
    "in no task": [f"'nowhere{n}'" for n in range(10)],
}
FILTERS = {
    "priority HIGH": RowFilter(priorities=("HIGH",)),
    "all tasks": RowFilter(),
    "HIGH or URGENT, and DONE": RowFilter(priorities=("HIGH", "URGENT"), statuses=("DONE",)),
    "created in the future (no match)": RowFilter(created_from=datetime(2199, 1, 1, tzinfo=UTC)),
}
SIZES = "SELECT name, pg_relation_size(name::regclass) FROM unnest(%s::text[]) AS name"


def run(report: Report) -> None:
    """Insert the tasks into a temporary database and measure the statements of the database layer."""
    random.seed(1)
    with tempfile.TemporaryDirectory() as folder, EmbeddedStores(Settings(data_dir=Path(folder))) as urls:
        migrate(urls.database_url)
        with psycopg.connect(urls.database_url, autocommit=True) as connection:
            connection.execute(FILL, {"count": report.count})
            connection.execute("VACUUM ANALYZE task")
            for name, size in connection.execute(SIZES, [["task", "task_words", "task_filter"]]):
                report.add(f"size of {name}", size / 2**20, "MiB")
        asyncio.run(_measure(report, urls.database_url))


async def _measure(report: Report, url: str) -> None:
    async with Database(url) as database, database.connection() as connection:
        for name, queries in SEARCHES.items():
            report.add_percentiles(f"search, {name}", await _search(connection, queries * 3), 50, 95)
            report.add_percentiles(f"search in DONE, {name}", await _search(connection, queries * 3, "DONE"), 50, 95)
        for name, row_filter in FILTERS.items():
            report.add_percentiles(f"filter, {name}", await _filter(connection, row_filter, 30), 50, 95)


async def _search(connection: Connection, queries: list[str], status: Status | None = None) -> list[float]:
    """Return the milliseconds of each search, in one status or in all."""
    times = []
    for query in queries:
        began = time.perf_counter()
        await matching_words(connection, "default", query, NEWEST_POSITION, 51, "first", status)
        times.append((time.perf_counter() - began) * 1000)
    return times


async def _filter(connection: Connection, row_filter: RowFilter, rounds: int) -> list[float]:
    """Return the milliseconds of each filtered page."""
    times = []
    for _ in range(rounds):
        start = (NEWEST_POSITION[0], NEWEST_POSITION[1])
        began = time.perf_counter()
        await matching_filter(connection, "default", row_filter, start, 51, "first")
        times.append((time.perf_counter() - began) * 1000)
    return times
