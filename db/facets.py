"""The values that the tasks of a view have in one dimension, with the number of tasks for each."""

from functools import cache
from typing import Literal, LiteralString

from psycopg.rows import tuple_row

from db.connection import Connection
from db.task_table import VISIBLE
from db.view_rows import view_condition, view_params
from db.views import Dimension, Shape, View

# COUNT: most tasks first, values with as many by name. NAME: by name, in the order of the bytes in UTF-8.
FacetOrder = Literal["COUNT", "NAME"]

_COLUMNS: dict[Dimension, LiteralString] = {
    "list": "list_id",
    "assignee": "assignee",
    "priority": "priority",
    "status": "status",
}


@cache
def facets_sql(by: Dimension, shape: Shape, order: FacetOrder) -> LiteralString:
    """Return the statement of `facet_counts`."""
    rows: LiteralString = f"task WHERE {view_condition(shape)} AND {VISIBLE}"
    # ORDER BY makes PostgreSQL use an index, in a single process, whatever its statistics say.
    if by == "label":
        seen: LiteralString = f"SELECT labels FROM {rows} AND labels <> '{{}}'"
        if not shape:
            seen += " ORDER BY created_at, id"
        seen = f"SELECT unnest(labels) AS value FROM ({seen}) AS labelled"
    else:
        column = _COLUMNS[by]
        seen = f"SELECT {column} AS value FROM {rows} AND {column} IS NOT NULL ORDER BY {column}"
    sort: LiteralString = "count DESC, value" if order == "COUNT" else "value"
    return f"""
    SELECT value, count FROM (
        SELECT value::text COLLATE "C" AS value, count(*) AS count FROM ({seen}) AS seen GROUP BY seen.value
    ) AS facets
    ORDER BY {sort} LIMIT %(first)s
"""


async def facet_counts(
    connection: Connection, workspace: str, by: Dimension, view: View, first: int, order: FacetOrder = "COUNT"
) -> list[tuple[str, int]]:
    """Return up to `first` values of a dimension, each with the number of visible tasks in the view that have it.

    A task without a value is in none of them, and a task with several labels in each. PostgreSQL reads the whole view:
    callers share the answer.
    """
    params = {"workspace": workspace, **view_params(view), "first": first}
    return await connection.query(facets_sql(by, view.shape, order), params, tuple_row)
