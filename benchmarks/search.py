"""`python -m benchmarks.search [tasks]`: how long a search takes, for words in so many of the rows; and a filter.

Milliseconds in the database's client, at several places of the result; rows by INSERT, analysed, in a database
of its own that is thrown away.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from api.config.settings import Settings
from api.devstores import EmbeddedStores
from db.migrations import migrate
from db.pages import NEWEST_POSITION
from db.pool import Database
from db.search import RowFilter, matching_filter, matching_words

FILL = """
    INSERT INTO task (workspace_id, id, title, description, priority, created_at)
    SELECT 'default', uuidv7(), 'Task ' || n,
           'word' || n %% 10 || ' tenth' || n %% 10 || ' hundredth' || n %% 100 || ' thousandth' || n %% 1000
           || CASE WHEN n < %(count)s / 10 THEN ' old' ELSE '' END || repeat(' filling', 8),
           (enum_range(NULL::task_priority))[1 + n %% 5],
           now() - make_interval(secs => %(count)s - n)
    FROM generate_series(1, %(count)s) AS n
"""
SEARCHES = {
    "in 10% of the rows": [f"'tenth{n}'" for n in range(10)],
    "in 10%, by prefix": [f"'tenth{n}':*" for n in range(10)],
    "in 1%": [f"'hundredth{n}'" for n in range(0, 100, 3)],
    "in 0.1%": [f"'thousandth{n}'" for n in range(0, 1000, 30)],
    "in one row": [f"'{n}'" for n in range(50_001, 50_040)],
    "two words, 10% and 1%": [f"'tenth{n % 10}' & 'hundredth{n}'" for n in range(0, 100, 3)],
    "two words, never together": [f"'tenth{n}' & 'tenth{(n + 1) % 10}'" for n in range(10)],
    "in 10%, all of them old": ["'old'"] * 5,
    "a prefix of one letter": ["'t':*", "'w':*", "'h':*"],
    "nowhere": [f"'nowhere{n}'" for n in range(10)],
}


async def measure(url: str, count: int) -> None:
    """Prints a table."""
    async with Database(url) as database, database.connection() as connection:
        for name, queries in SEARCHES.items():
            times = []
            for query in queries * 3:
                began = time.perf_counter()
                await matching_words(connection, "default", query, NEWEST_POSITION, 51, "first")
                times.append((time.perf_counter() - began) * 1000)
            said(f"search, words {name}", times)
        for name, asked in {
            "priority HIGH": RowFilter(priorities=("HIGH",)),
            "everything": RowFilter(),
            "HIGH or URGENT, DONE (none)": RowFilter(priorities=("HIGH", "URGENT"), statuses=("DONE",)),
        }.items():
            times = []
            for _ in range(30):
                start = (NEWEST_POSITION[0], NEWEST_POSITION[1])
                began = time.perf_counter()
                await matching_filter(connection, "default", asked, start, 51, "first")
                times.append((time.perf_counter() - began) * 1000)
            said(f"filter {name}", times)


def said(name: str, times: list[float]) -> None:
    """A line of the table."""
    times.sort()
    p95 = times[min(len(times) - 1, int(len(times) * 0.95))]
    sys.stdout.write(f"| {name} | p50 {statistics.median(times):.1f} ms | p95 {p95:.1f} ms |\n")


def main(count: int) -> None:
    """Fills a database, and measures."""
    random.seed(1)
    with tempfile.TemporaryDirectory() as folder, EmbeddedStores(Settings(data_dir=Path(folder))) as urls:
        migrate(urls.database_url)
        with psycopg.connect(urls.database_url, autocommit=True) as connection:
            connection.execute(FILL, {"count": count})
            connection.execute("VACUUM ANALYZE task")
            sizes = "SELECT array_agg(pg_relation_size(name::regclass) >> 20) FROM unnest(%s::text[]) AS name"
            names = ["task", "task_words", "task_filter"]
            [found] = connection.execute(sizes, [names]).fetchone() or [None]
            sys.stdout.write(f"| MiB of {', '.join(names)} | {found} | |\n")
        asyncio.run(measure(urls.database_url, count))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
