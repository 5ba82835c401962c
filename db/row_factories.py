"""psycopg row factories that build records by column name, so that a statement may return its columns in any order."""

from collections.abc import Callable, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, TypeVar, get_type_hints

from psycopg import AsyncCursor
from psycopg.rows import AsyncRowFactory

from db.task import Task

Row = TypeVar("Row")
Cursor = AsyncCursor[Any]
Values = Sequence[Any]
Columns = tuple[bytes | None, ...]


def task_row(cursor: Cursor) -> Callable[[Values], Task]:
    """Build a `Task` from the columns that have the names of its fields."""
    return task_builder(result_columns(cursor))


def record_row(record: Callable[..., Row]) -> AsyncRowFactory[Row]:
    """Return a row factory for a record whose fields have the names of the columns, in the same order."""
    return lambda _cursor: lambda values: record(*values)


def task_row_with(record: Callable[..., Row]) -> AsyncRowFactory[Row]:
    """Return a row factory for a record of a `Task` and further columns: its first field is `task`, the others have the
    names of the columns."""
    _, *names = get_type_hints(record)
    others = [name.encode() for name in names]

    def factory(cursor: Cursor) -> Callable[[Values], Row]:
        columns = result_columns(cursor)
        task_of, positions = task_builder(columns), [columns.index(name) for name in others]
        return lambda values: record(task_of(values), *[values[position] for position in positions])

    return factory


def result_columns(cursor: Cursor) -> Columns:
    """Return the column names of a result."""
    # Much cheaper than cursor.description, which builds an object for each column.
    result = cursor.pgresult
    return () if result is None else tuple([result.fname(number) for number in range(result.nfields)])


@cache
def task_builder(columns: Columns) -> Callable[[Values], Task]:
    """Return a function that builds a `Task` from a row. Raises `ValueError` if a field has no column."""
    fields = tuple(name.encode() for name in Task.__struct_fields__)
    count = len(fields)
    # The two usual cases: building another tuple for each row with `pick` would cost more.
    if columns == fields:
        return lambda values: Task(*values)
    if columns[:count] == fields:
        return lambda values: Task(*values[:count])
    pick = itemgetter(*map(columns.index, fields))
    return lambda values: Task(*pick(values))
