"""psycopg row factories that build records by column name, so that a statement may return its columns in any order."""

from collections.abc import Callable, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, TypeVar

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


def task_row_with(record: Callable[..., Row], *extra: str) -> AsyncRowFactory[Row]:
    """Return a row factory for a record that holds a `Task` and has further columns as keyword arguments."""

    def factory(cursor: Cursor) -> Callable[[Values], Row]:
        columns = result_columns(cursor)
        task_of, positions = task_builder(columns), [(name, columns.index(name.encode())) for name in extra]
        return lambda values: record(task=task_of(values), **{name: values[position] for name, position in positions})

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
    if columns == fields:
        return lambda values: Task(*values)  # The usual case. It saves building a second tuple for each row.
    pick = itemgetter(*map(columns.index, fields))
    return lambda values: Task(*pick(values))
