"""`python -m benchmarks.indexes [tasks]`: what the indexes of search and filters cost a write.

The same writes in turns, on databases that are alike but for an index: so many rows by INSERT, analysed. Microseconds
of CPU that the server's process takes for one task, and how many times those of a database without either: what else
the machine does matters little to that. On Linux alone.
"""

import asyncio
import random
import sys
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
from api.devstores import EmbeddedStores
from benchmarks.search import FILL
from db import task_table as rows
from db.migrations import migrate
from db.pool import Connection, Database
from db.task import NewTask
from schema.resolvers.validation import uuid7

# What is dropped from each of the databases.
DATABASES = {
    "neither": "DROP INDEX task_filter; ALTER TABLE task DROP COLUMN words",
    "filters": "ALTER TABLE task DROP COLUMN words",
    "words": "DROP INDEX task_filter",
    "words, no index of them": "DROP INDEX task_filter; DROP INDEX task_words",
    "both": "",
}
ROUNDS, MANY, FEW = 10, 1000, 40
SOME: LiteralString = "SELECT id FROM task TABLESAMPLE bernoulli (1) ORDER BY random() LIMIT %(count)s"
WORDS = [f"word{number}" for number in range(20_000)]


Write = Callable[[Connection, list[UUID]], Awaitable[None]]


def task() -> NewTask:
    """As the loader makes them: a title of five words, a description of ten."""
    return NewTask(uuid7(), " ".join(random.sample(WORDS, 5)), " ".join(random.sample(WORDS, 10)), "TODO", "LOW", None)


async def create(connection: Connection, _ids: list[UUID]) -> None:
    """Many tasks in one statement."""
    await rows.create_tasks(connection, "default", [task() for _ in range(MANY)])


def change(**fields: Any) -> Write:
    """Some tasks, one by one, as a mutation of one does it."""

    async def run(connection: Connection, ids: list[UUID]) -> None:
        for id_ in ids:
            locked = await rows.lock_tasks(connection, "default", [id_])
            new = {name: value() for name, value in fields.items()}
            await rows.update_tasks(connection, "default", [replace(locked[id_].task, **new)])

    return run


WRITES: dict[str, tuple[int, Write]] = {
    "create": (MANY, create),
    "change the status": (FEW, change(status=lambda: random.choice(["TODO", "IN_PROGRESS", "DONE"]))),
    "change the title": (FEW, change(title=lambda: " ".join(random.sample(WORDS, 5)))),
}


def cpu(connection: Connection) -> int:
    """Nanoseconds that the connection's process has run."""
    pid = connection.raw.info.backend_pid
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


async def measure(urls: dict[str, str]) -> None:
    """Prints a table."""
    spent: Counter[tuple[str, str]] = Counter()
    async with AsyncExitStack() as stack:
        connections = {}
        for name, url in urls.items():
            database = await stack.enter_async_context(Database(url))
            connections[name] = await stack.enter_async_context(database.connection())
        for number in range(ROUNDS + 1):
            for write, (_, run) in WRITES.items():
                for name in random.sample(list(connections), len(connections)):
                    ids = await connections[name].query(SOME, {"count": FEW}, scalar_row)
                    before = cpu(connections[name])
                    await run(connections[name], ids)
                    if number > 0:  # the first one warms up
                        spent[write, name] += cpu(connections[name]) - before
    for write, (count, _) in WRITES.items():
        for name in connections:
            each, least = spent[write, name], spent[write, "neither"]
            sys.stdout.write(f"| {write} | {name} | {each / ROUNDS / count / 1000:.0f} us | {each / least:.2f} |\n")


def main(count: int) -> None:
    """Fills a database for each, and measures."""
    random.seed(1)
    folder = tempfile.TemporaryDirectory()
    with folder as data, EmbeddedStores(Settings(data_dir=Path(data)), durable=False) as stores:
        urls = {}
        for number, (name, drop) in enumerate(DATABASES.items()):
            with psycopg.connect(stores.database_url, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE bench_{number}".encode())
            urls[name] = stores.database_url.replace(":///millitask?", f":///bench_{number}?")
            migrate(urls[name])
            with psycopg.connect(urls[name], autocommit=True) as connection:
                if drop:
                    connection.execute(drop.encode())
                connection.execute(FILL, {"count": count})
                connection.execute("VACUUM ANALYZE task")
        asyncio.run(measure(urls))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
