"""What row-level security would cost: `python -m benchmarks.row_security [TASKS]`. ADR 0025 has the results.

The same statements run alternately on an unchanged database and on one with forced row-level security on `task`. The
workspace is set by a statement of its own, in the same round trip. The result is the CPU time of the PostgreSQL
process. Needs Linux (/proc).
"""

import asyncio
import random
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import scalar_row

from api.config.settings import Settings
from api.devstores import EmbeddedStores
from benchmarks.indexes import RANDOM_IDS, cpu_nanoseconds, new_task
from benchmarks.search import FILL
from db import filters, pages, search, task_table
from db.connection import Connection
from db.migrations import migrate
from db.pool import Database
from db.views import View

SECURE = """
    ALTER TABLE task ENABLE ROW LEVEL SECURITY;
    ALTER TABLE task FORCE ROW LEVEL SECURITY;
    CREATE POLICY task_workspace ON task USING (workspace_id = current_setting('millitask.workspace'));
"""
# A superuser is never subject to row-level security, so the statements run as an ordinary user.
ORDINARY = (
    "GRANT ALL ON ALL TABLES IN SCHEMA public TO ordinary; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ordinary;"
)
SET_WORKSPACE: LiteralString = "SELECT set_config('millitask.workspace', %(workspace)s, false)"
VARIANTS = ("today", "row-level security", "row-level security, workspace set once")
ROUNDS = 40

Operation = Callable[[Connection], Awaitable[object]]


def operations(ids: dict[Connection, list[UUID]]) -> dict[str, tuple[int, Operation]]:
    """Return the operations by name, each with how often one round repeats it."""
    return {
        "first page": (20, lambda c: pages.task_page(c, "default", count=50)),
        "page after 10,000 tasks": (2, lambda c: pages.task_page(c, "default", count=50, offset=10_000)),
        "first page of one status": (20, lambda c: pages.task_page(c, "default", count=50, view=View(status="TODO"))),
        "50 tasks by id": (20, lambda c: task_table.tasks_by_id(c, "default", random.sample(ids[c], 50))),
        "search, a rare word": (2, lambda c: c.query(search.all_words_sql("first", None), _RARE, scalar_row)),
        "filter by priority and status": (
            5,
            lambda c: filters.matching_filter(
                c, "default", filters.RowFilter(("TODO",), ("URGENT",)), pages.NEWEST_POSITION, 51, "first"
            ),
        ),
        "createTasks, 1,000 tasks": (1, _create),
    }


_RARE = {
    "workspace": "default",
    "query": "'word7' & 'word19'",
    "at": pages.NEWEST_POSITION[0],
    "id": pages.NEWEST_POSITION[1],
    "count": 51,
}


async def _create(connection: Connection) -> None:
    await task_table.insert_tasks(connection, "default", [new_task() for _ in range(1000)])


async def measure(urls: dict[str, str]) -> None:
    """Print the CPU time of each operation, and its ratio to that without row-level security."""
    async with AsyncExitStack() as stack:
        connections = {}
        for name, url in urls.items():
            database = await stack.enter_async_context(Database(url))
            connections[name] = connection = await stack.enter_async_context(database.connection())
            await connection.raw.execute("SET ROLE ordinary")
            await connection.query(SET_WORKSPACE, {"workspace": "default"}, scalar_row)
        ids = {
            each: await each.query(RANDOM_IDS, {"workspace": "default", "count": 5000}, scalar_row)
            for each in connections.values()
        }
        for name, (repeats, operation) in operations(ids).items():
            spent: dict[str, list[float]] = {variant: [] for variant in urls}
            for number in range(ROUNDS):
                for variant in random.sample(list(urls), len(urls)):
                    connection = connections[variant]
                    before = cpu_nanoseconds(connection)
                    for _ in range(repeats):
                        if variant == VARIANTS[1]:
                            connection.queue(SET_WORKSPACE, {"workspace": "default"}, scalar_row)
                        await operation(connection)
                    if number >= ROUNDS // 8:  # the first rounds warm up
                        spent[variant].append((cpu_nanoseconds(connection) - before) / repeats / 1000)
            base = spent[VARIANTS[0]]
            for variant, values in spent.items():
                ratio = statistics.median(a / b for a, b in zip(values, base, strict=True))
                sys.stdout.write(f"| {name} | {variant} | {statistics.median(values):,.0f} µs | {ratio:.2f} |\n")
                sys.stdout.flush()


def main(count: int) -> None:
    """Fill three databases with `count` tasks each and measure."""
    with tempfile.TemporaryDirectory(prefix="millitask-rls-", dir="/dev/shm") as folder:
        settings = Settings(database_url=None, redis_url=None, data_dir=Path(folder))
        with EmbeddedStores(settings, durable=False) as stores:
            urls = {}
            with psycopg.connect(stores.database_url, autocommit=True) as admin:
                admin.execute("CREATE ROLE ordinary")
                for number, variant in enumerate(VARIANTS):
                    admin.execute(f"CREATE DATABASE security_{number}")
                    urls[variant] = stores.database_url.replace(":///millitask?", f":///security_{number}?")
            for variant, url in urls.items():
                migrate(url)
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute(FILL, {"count": count})
                    connection.execute("VACUUM ANALYZE task")
                    connection.execute(ORDINARY)
                    if variant != VARIANTS[0]:
                        connection.execute(SECURE)
            asyncio.run(measure(urls))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
