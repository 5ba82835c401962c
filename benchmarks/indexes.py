"""Suite `indexes`: CPU time that the indexes of search and filters add to a write, and each part of the table to a
bulk create.

The same writes run alternately on databases that differ only in their indexes. The result is the CPU time of the
PostgreSQL process, which other load on the machine hardly affects. Needs Linux (/proc).
"""

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from msgspec.structs import replace
from psycopg.rows import scalar_row

from api.config.settings import Settings
from api.devstores import EmbeddedStores, StoreUrls
from benchmarks.bulk_costs import PARTS, measure_parts
from benchmarks.report import Report
from benchmarks.search import FILL
from db import task_table
from db.connection import Connection
from db.migrations import migrate
from db.pool import Database
from db.task import NewTask
from schema.ids import new_id

# For each database, a statement that drops some indexes of the complete schema.
DATABASES = {
    "no index": "DROP INDEX task_filter, task_words",
    "filters": "DROP INDEX task_words",
    "search": "DROP INDEX task_filter",
    "filters and search": "",
}
ROUNDS, BATCH_SIZE, SINGLE_WRITES = 10, 1000, 40
RANDOM_IDS: LiteralString = """
    SELECT id FROM task TABLESAMPLE bernoulli (1) WHERE workspace_id = %(workspace)s ORDER BY random() LIMIT %(count)s
"""
WORDS = [f"word{number}" for number in range(20_000)]

Write = Callable[[Connection, list[UUID]], Awaitable[None]]


def new_task() -> NewTask:
    """Return a task like those of the loader: a title of five words, a description of ten."""
    return NewTask(new_id(), " ".join(random.sample(WORDS, 5)), " ".join(random.sample(WORDS, 10)), "TODO", "LOW", None)


async def create(connection: Connection, _ids: list[UUID]) -> None:
    """Create many tasks in one statement."""
    await task_table.insert_tasks(connection, "default", [new_task() for _ in range(BATCH_SIZE)])


def change(**fields: Any) -> Write:
    """Return a write that updates tasks one by one, as updateTask does."""

    async def run(connection: Connection, ids: list[UUID]) -> None:
        for id_ in ids:
            locked = await task_table.lock_tasks(connection, "default", [id_])
            new = {name: value() for name, value in fields.items()}
            task = replace(locked[id_].task, **new)
            task_table.update_tasks(connection, "default", [task], await task_table.words_of([task]))
            await connection.flush()

    return run


WRITES: dict[str, tuple[int, Write]] = {
    "create": (BATCH_SIZE, create),
    "change the status": (SINGLE_WRITES, change(status=lambda: random.choice(["TODO", "IN_PROGRESS", "DONE"]))),
    "change the title": (SINGLE_WRITES, change(title=lambda: " ".join(random.sample(WORDS, 5)))),
}


def cpu_nanoseconds(connection: Connection) -> int:
    """Return the CPU time of the PostgreSQL process of a connection."""
    pid = connection.raw.info.backend_pid
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


async def measure(report: Report, urls: dict[str, str]) -> None:
    """Run every write on each database in alternation."""
    spent: Counter[tuple[str, str]] = Counter()
    async with AsyncExitStack() as stack:
        connections = {}
        for name, url in urls.items():
            database = await stack.enter_async_context(Database(url))
            connections[name] = await stack.enter_async_context(database.connection())
        for number in range(ROUNDS + 1):
            for write, (_, run_write) in WRITES.items():
                for name in random.sample(list(connections), len(connections)):
                    ids = await connections[name].query(
                        RANDOM_IDS, {"workspace": "default", "count": SINGLE_WRITES}, scalar_row
                    )
                    before = cpu_nanoseconds(connections[name])
                    await run_write(connections[name], ids)
                    if number > 0:  # the first round only warms up the databases
                        spent[write, name] += cpu_nanoseconds(connections[name]) - before
    for write, (count, _) in WRITES.items():
        for name in urls:
            report.add(f"{write}, {name}: CPU per task", spent[write, name] / ROUNDS / count / 1000, "µs")
            report.add(f"{write}, {name} ÷ no index", spent[write, name] / spent[write, "no index"], "×")


def run(report: Report) -> None:
    """Fill one database for each set of indexes and each part of the table, and measure the writes."""
    random.seed(1)
    folder = tempfile.TemporaryDirectory()
    with folder as data, EmbeddedStores(Settings(data_dir=Path(data)), durable=False) as stores:
        urls = {
            name: _create_database(stores, f"bench_{at}", drop) for at, (name, drop) in enumerate(DATABASES.items())
        }
        for url in urls.values():
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(FILL, {"count": report.count})
                connection.execute("VACUUM ANALYZE task")
        asyncio.run(measure(report, urls))
        parts = {name: _create_database(stores, f"part_{at}", drop) for at, (name, drop) in enumerate(PARTS.items())}
        asyncio.run(measure_parts(report, parts, cpu_nanoseconds))


def _create_database(stores: StoreUrls, name: str, drop: str) -> str:
    """Create a database with the complete schema, drop something, and return its URL."""
    with psycopg.connect(stores.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    url = stores.database_url.replace(":///millitask?", f":///{name}?")
    migrate(url)
    if drop:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(drop.encode())
    return url
