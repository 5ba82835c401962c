"""The command `python -m loadgen import`."""

import asyncio
import io
import os
import select
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, BinaryIO, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from cyclopts import Parameter
from cyclopts.validators import Number

from loadgen.batches import MAX_TASKS
from loadgen.imports.columns import ColumnRules, WrongColumns
from loadgen.imports.records import Format, RecordReader
from loadgen.options import DEFAULT_URL, Concurrency, OutputFile, Seconds, Token, Url

_JSON_LINES = (".jsonl", ".ndjson")
_POLL_SECONDS = 0.2


def _require_zone(_: object, name: str | None) -> None:
    try:
        if name is not None:
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("must be the name of a time zone such as Europe/Berlin") from error


def _require_mapping(_: object, given: list[str] | None) -> None:
    if any("=" not in each for each in given or ()):
        raise ValueError("must have the form COLUMN=FIELD, such as 'Due date=dueAt'")


def _require_one_character(_: object, text: str) -> None:
    if len(text) != 1 or text in '"\r\n':
        raise ValueError("must be one character")


_Character = Annotated[str, Parameter(validator=_require_one_character)]


def import_file(
    file: Annotated[Path, Parameter(allow_leading_hyphen=True)],
    /,
    *,
    url: Url = DEFAULT_URL,
    format: Literal["csv", "jsonl"] | None = None,  # noqa: A002
    map: Annotated[list[str] | None, Parameter(validator=_require_mapping, negative=())] = None,  # noqa: A002
    ignore: Annotated[list[str] | None, Parameter(negative=())] = None,
    timezone: Annotated[str | None, Parameter(validator=_require_zone)] = None,
    number_lines: str | None = None,
    create_lists: Annotated[bool, Parameter(negative=())] = False,
    dry_run: Annotated[bool, Parameter(negative=())] = False,
    rejects: OutputFile = None,
    show: Annotated[int, Parameter(validator=Number(gte=0))] = 20,
    delimiter: _Character = ",",
    label_separator: _Character = ",",
    batch: Annotated[int, Parameter(validator=Number(gte=1, lte=MAX_TASKS))] = 500,
    concurrency: Concurrency = 4,
    timeout: Seconds = 30.0,
    max_wait: Seconds = 60.0,
    json: OutputFile = None,
    token: Token = None,
) -> int:
    """Create the tasks of a file through GraphQL mutations: CSV with a header line, or JSON Lines, in UTF-8.

    Run the same command again to continue after an interruption: a task whose externalId or id exists stays as it is.
    Exit code: 0 if every record is a task, 1 if some were rejected or after an error, 2 for wrong arguments, 130 if a
    signal stopped the import.

    Parameters
    ----------
    file
        The file, or - for stdin.
    url
        GraphQL endpoint of the service.
    format
        Format of the file. Default: jsonl for the endings .jsonl and .ndjson, otherwise csv.
    map
        COLUMN=FIELD for a column that has another name than its field. Repeat it for several columns.
    ignore
        A column to leave out. Repeat it for several columns.
    timezone
        Time zone of times without a UTC offset, such as Europe/Berlin.
    number_lines
        Give each task this prefix with the number of its line as externalId.
    create_lists
        Create a list for each unknown name in the column `list`.
    dry_run
        Check all records, and send nothing.
    rejects
        File for the rejected records, with the reason in a further column.
    show
        Number of rejected records to print.
    delimiter
        Character between the cells of a CSV file.
    label_separator
        Character between the labels of a cell.
    batch
        Maximum number of tasks in a request.
    concurrency
        Number of concurrent requests. With 1, tasks without createdAt keep the order of the file.
    timeout
        Seconds after which a request is retried.
    max_wait
        Seconds without a successful request after which the import gives up.
    json
        File to write the summary to, as JSON.
    token
        API token, if the service requires one. Other users of this machine can read an option: prefer the variable.
    """
    # Imported here, because the other commands do not need the validation of the service.
    from loadgen.imports.rejects import Rejects
    from loadgen.imports.run import ImportPlan, import_tasks
    from loadgen.imports.source import TaskRules
    from loadgen.imports.values import ValueRules

    values = ValueRules(None if timezone is None else ZoneInfo(timezone), label_separator)
    stop = threading.Event()
    with ExitStack() as files:
        try:
            rules = ColumnRules(dict(_pair(each) for each in map or ()), frozenset(ignore or ()))
            source, size = _open(file, stop)
            files.enter_context(source)
            rejected = None if rejects is None else files.enter_context(rejects.open("wb"))
        except (OSError, WrongColumns) as error:
            sys.stderr.write(f"error: {error}\n")
            return 2 if isinstance(error, WrongColumns) else 1
        reader = RecordReader(source, format or _format_of(file), rules, delimiter)
        plan = ImportPlan(
            url=url,
            batch=batch,
            concurrency=concurrency,
            timeout=timeout,
            max_wait=max_wait,
            rules=TaskRules(values, number_lines, checks_clock=dry_run),
            size=size,
            create_lists=create_lists,
            dry_run=dry_run,
            token=token or None,
        )
        summary = asyncio.run(import_tasks(plan, reader, Rejects(reader, rejected, show, delimiter), stop))
    if json is not None:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n")
    sys.stdout.write("\n".join(summary.lines()) + "\n")
    return summary.exit_code


def _pair(mapping: str) -> tuple[str, str]:
    column, _, field = mapping.rpartition("=")
    return column, field


def _format_of(file: Path) -> Format:
    return "jsonl" if file.suffix.lower() in _JSON_LINES else "csv"


def _open(file: Path, stop: threading.Event) -> tuple[BinaryIO, int | None]:
    """Return the file and its size, None if it is not known."""
    if file == Path("-"):
        return io.BufferedReader(_StoppableInput(sys.stdin.fileno(), stop), 256 * 1024), None
    opened = file.open("rb", buffering=256 * 1024)
    return opened, os.fstat(opened.fileno()).st_size or None


class _StoppableInput(io.RawIOBase):
    """A file descriptor that ends when `stop` is set, also while it has nothing to read."""

    def __init__(self, descriptor: int, stop: threading.Event) -> None:
        self._descriptor = descriptor
        self._stop = stop

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._stop.is_set():
            if select.select([self._descriptor], [], [], _POLL_SECONDS)[0]:
                data = os.read(self._descriptor, len(buffer))
                buffer[: len(data)] = data
                return len(data)
        return 0
