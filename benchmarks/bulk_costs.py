"""What each index, check and computed column costs a bulk create, for the suite `indexes`.

Each database lacks one part of the schema. All databases take the same tasks, those of the loader, in turns. The cost
of a part is the median of the differences to the complete schema in the same turn, in CPU time of the PostgreSQL
process that executes the INSERT.
"""

import random
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import islice
from typing import cast
from uuid import UUID

from psycopg.rows import tuple_row

from benchmarks.report import Report
from db import task_table
from db.connection import Connection
from db.pool import Database
from db.task import NewTask, Priority, Status
from db.words import VERSION
from loadgen.tasks import generate_tasks

_INDEXES = ("task_page", "task_page_by_status", "task_filter", "task_gone", "task_expiring", "task_expiring_by_status")
_CHECKS = (
    *("task_workspace_id", "task_id", "task_title", "task_description"),
    *("task_created_at", "task_expires_at", "task_updated_at", "task_version", "task_created_by", "task_updated_by"),
)
_DROP_CHECKS = "ALTER TABLE task " + ", ".join(f"DROP CONSTRAINT {name}" for name in _CHECKS)
_DROP_TRIGGER = "DROP TRIGGER task_cut_expiry ON task"
# The INSERT then neither receives nor stores words.
_NO_WORDS = "DROP INDEX task_words; DROP TRIGGER task_words_due ON task; ALTER TABLE task DROP COLUMN words"
COMPLETE, WITHOUT_WORDS, ONLY_ROW = (
    "the complete schema",
    "column words and its index",
    "all but the row and its primary key",
)
# For each part, the statement that removes it from the complete schema.
PARTS = {
    COMPLETE: "",
    **{f"index {name}": f"DROP INDEX {name}" for name in _INDEXES},
    "index task_words (GIN)": "DROP INDEX task_words",
    "index task_words_due": "DROP INDEX task_words_due",
    WITHOUT_WORDS: _NO_WORDS,
    "trigger task_cut_expiry": _DROP_TRIGGER,
    "all checks": _DROP_CHECKS,
    ONLY_ROW: "; ".join(("DROP INDEX task_words_due, " + ", ".join(_INDEXES), _NO_WORDS, _DROP_TRIGGER, _DROP_CHECKS)),
}
INSERT_WITHOUT_WORDS = (
    task_table.INSERT_TASKS.replace(", words, words_version", "")
    .replace(f", words, {VERSION}", "")
    .replace(", words, number", ", number")
    .replace(", %(new_words)s::tsvector[]", "")
)
ROUNDS, BATCHES, BATCH_SIZE = 20, 4, 500

Cpu = Callable[[Connection], int]


def loader_tasks() -> Iterator[NewTask]:
    """Yield the tasks of the loader's first seed."""
    for task in generate_tasks(1, 10**9, datetime.now(UTC)):
        expires_at = task.expires_at and datetime.fromisoformat(task.expires_at)
        status, priority = cast(Status, task.status), cast(Priority, task.priority)
        yield NewTask(UUID(task.id), task.title, task.description or "", status, priority, expires_at or None)


async def measure_parts(report: Report, urls: dict[str, str], cpu_nanoseconds: Cpu) -> None:
    """Fill each database with `report.count` tasks and measure further creates in turns."""
    spent = defaultdict[str, list[float]](list)
    async with AsyncExitStack() as stack:
        connections, tasks = {}, {name: loader_tasks() for name in urls}
        for name, url in urls.items():
            database = await stack.enter_async_context(Database(url))
            connections[name] = await stack.enter_async_context(database.connection())

        async def create(name: str, batches: int) -> float:
            """Return the microseconds of CPU time for each created task."""
            before = cpu_nanoseconds(connections[name])
            for _ in range(batches):
                new = list(islice(tasks[name], BATCH_SIZE))
                vectors = await task_table.words_of(new)
                params = {
                    "workspace": "default",
                    "author": None,
                    "count": len(new),
                    **task_table.row_arrays(new, vectors),
                }
                statement = INSERT_WITHOUT_WORDS if name in (WITHOUT_WORDS, ONLY_ROW) else task_table.INSERT_TASKS
                await connections[name].query(statement, params, tuple_row)
            return (cpu_nanoseconds(connections[name]) - before) / (batches * BATCH_SIZE) / 1000

        for name in urls:
            await create(name, max(1, report.count // BATCH_SIZE))
        for _ in range(ROUNDS):
            for name in random.sample(list(urls), len(urls)):
                spent[name].append(await create(name, BATCHES))
    report.add(f"bulk create, {COMPLETE}: CPU per task", statistics.median(spent[COMPLETE]), "µs")
    for name in list(urls)[1:]:
        saved = statistics.median(a - b for a, b in zip(spent[COMPLETE], spent[name], strict=True))
        report.add(f"bulk create, cost of {name}", saved, "µs")
