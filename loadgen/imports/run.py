"""The import: sends the tasks of a file concurrently until all have a result or a signal stops it."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

from loadgen.batches import CREATE_TASKS_CREATED, Batch, batches
from loadgen.client import Client, open_client
from loadgen.errors import CallerRefused, LoadError, RequestRejected, RetriesExhausted, ServiceUnreachable
from loadgen.imports.columns import WrongColumns
from loadgen.imports.lists import ListNames
from loadgen.imports.records import Record, RecordReader, UnreadableFile
from loadgen.imports.rejects import Rejects
from loadgen.imports.source import TaskRules, TaskSource
from loadgen.imports.stats import ImportStats, ImportSummary, show
from loadgen.load import outcome_of, stopped_by_signals
from loadgen.responses import UserError
from loadgen.retries import RetryPolicy

NO_EXTERNAL_IDS = (
    "The records have neither externalId nor id: a second run creates every task again. Map a column that identifies "
    "each record with --map 'COLUMN=externalId', or use --number-lines PREFIX.\n"
)
_LINE_SECONDS, _TERMINAL_SECONDS = 5.0, 0.25
_CREATED_AT = "createdAt"


@dataclass(frozen=True)
class ImportPlan:
    """The options of an import. Times are in seconds, `size` in bytes. `token` is one that no message contains."""

    url: str
    batch: int
    concurrency: int
    timeout: float
    max_wait: float
    rules: TaskRules
    size: int | None = None
    create_lists: bool = False
    dry_run: bool = False
    token: str | None = field(default=None, repr=False)


async def import_tasks(
    plan: ImportPlan, reader: RecordReader, rejects: Rejects, stop: threading.Event
) -> ImportSummary:
    """Import the tasks of a file and return a summary. `stop` is set when the reader must not wait for more input."""
    stats = ImportStats()
    lists = ListNames(creates=plan.create_lists, known=not plan.dry_run)
    source = TaskSource(reader, plan.rules, lists, rejects)
    run = _Import(plan, source, lists, rejects, stats)
    work = asyncio.create_task(run.check() if plan.dry_run else run.send())
    with stopped_by_signals(work):
        async with _progress(lambda: stats.line(rejects.count, _percent(reader, plan.size))):
            await asyncio.wait({work})
        stop.set()
    outcome, message = outcome_of(work)
    if (stats.created or stats.existing) and not source.has_external_ids:
        sys.stderr.write(NO_EXTERNAL_IDS)
    return stats.summary(outcome, message, rejects.count, dry_run=plan.dry_run)


class _Import:
    def __init__(
        self, plan: ImportPlan, source: TaskSource, lists: ListNames, rejects: Rejects, stats: ImportStats
    ) -> None:
        self._plan = plan
        self._source = source
        self._lists = lists
        self._rejects = rejects
        self._stats = stats
        self._retries = RetryPolicy(plan.max_wait, stats.record_retry)
        self._reading = asyncio.Lock()

    async def check(self) -> None:
        """Read the whole file, and send nothing."""
        tasks = self._source.tasks()
        while count := await asyncio.to_thread(_skip, tasks, self._source):
            self._stats.created += count

    async def send(self) -> None:
        """Create the tasks."""
        plan = self._plan
        supply = batches(self._source.tasks(), plan.batch, document=CREATE_TASKS_CREATED)
        async with open_client(plan.url, plan.concurrency, min(plan.timeout, plan.max_wait), plan.token) as client:
            await self._retries.call(partial(_read_lists, client, self._lists))
            async with asyncio.TaskGroup() as group:
                for _ in range(plan.concurrency):
                    group.create_task(self._send_batches(supply, client))

    async def _send_batches(self, supply: Iterator[Batch], client: Client) -> None:
        while True:
            async with self._reading:
                # In a thread, because the file may be a pipe, and so that signals are noticed.
                batch = await asyncio.to_thread(_next, supply)
                if batch is None:
                    return
                records = self._source.take(batch.tasks)
                while self._lists.pending:
                    await self._retries.call(partial(client.create_list, *self._lists.pending[0]))
                    del self._lists.pending[0]
            try:
                await self._retries.call(partial(self._create, client, batch, records))
            except RequestRejected as error:
                lines = f"lines {records[0].line} to {records[-1].line}"
                raise RequestRejected(f"the service rejected {lines}: {error}") from error

    async def _create(self, client: Client, batch: Batch, records: list[Record]) -> None:
        payload = await client.create_tasks(batch)
        for record, result in zip(records, payload.results, strict=True):
            if not result.user_errors:
                if result.created:
                    self._stats.created += 1
                else:
                    self._stats.existing += 1
                continue
            if any(error.code == "NOT_ALLOWED" and error.field == [_CREATED_AT] for error in result.user_errors):
                raise RequestRejected(
                    f"{result.user_errors[0].message} With --ignore, the import leaves out the column "
                    f'"{record.columns[_CREATED_AT]}".'
                )
            self._rejects.add(record, [_place(error) for error in result.user_errors])


def _place(error: UserError) -> tuple[str, str]:
    return (error.field or [""])[0], error.message


def _next(supply: Iterator[Batch]) -> Batch | None:
    try:
        return next(supply, None)
    except (UnreadableFile, WrongColumns) as error:
        raise LoadError(str(error)) from error


def _skip(tasks: Iterator[object], source: TaskSource, most: int = 1000) -> int:
    """Read up to `most` tasks, and return how many there were."""
    count = 0
    try:
        for _ in tasks:
            count += 1
            if count == most:
                break
    except (UnreadableFile, WrongColumns) as error:
        raise LoadError(str(error)) from error
    source.take(count)
    return count


async def _read_lists(client: Client, lists: ListNames) -> None:
    """Read the lists of the workspace. Report a wrong address immediately instead of retrying."""
    try:
        async for id_, name in client.lists():
            lists.add(id_, name)
    except ServiceUnreachable as error:
        raise RetriesExhausted(f"{error}. Is the service running?") from error
    except CallerRefused:
        raise
    except RequestRejected as error:
        raise RequestRejected(f"the URL is not the GraphQL endpoint of Millitask: {error}") from error


def _percent(reader: RecordReader, size: int | None) -> float | None:
    return 100 * reader.read_bytes / size if size else None


@asynccontextmanager
async def _progress(line: Callable[[], str]) -> AsyncIterator[None]:
    """Show progress periodically while the body runs, and once at the end."""

    async def repeat() -> None:
        while True:
            await asyncio.sleep(_TERMINAL_SECONDS if sys.stderr.isatty() else _LINE_SECONDS)
            show(line())

    display = asyncio.create_task(repeat())
    try:
        yield
    finally:
        display.cancel()
        with suppress(asyncio.CancelledError):
            await display
        show(line() + ("\n" if sys.stderr.isatty() else ""))
