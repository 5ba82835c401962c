"""Which tasks match: by their words, or by a filter; in bounded steps, whatever is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, LiteralString
from uuid import UUID

from psycopg.rows import scalar_row, tuple_row

from db.pages import NEWEST_POSITION, OLDEST_POSITION, Direction, Position
from db.pool import Connection
from db.task import Priority, Status
from db.task_table import VISIBLE

# The newest tasks that are looked through for words before the index of words is asked: who searches for a word that is
# frequent finds a page there, and the index of words would give too many to sort.
NEWEST_SCAN_ROWS = 8000
Way = Literal["DESC", "ASC"]


@dataclass(frozen=True)
class RowFilter:
    """What a task must be: all that is given. Times from (inclusive) and before (exclusive)."""

    statuses: tuple[Status, ...] = ("TODO", "IN_PROGRESS", "DONE")
    priorities: tuple[Priority, ...] = ("NONE", "LOW", "MEDIUM", "HIGH", "URGENT")
    created_from: datetime = OLDEST_POSITION[0]
    created_before: datetime = NEWEST_POSITION[0]
    expires_from: datetime | None = None
    expires_before: datetime | None = None

    @property
    def by_expiry(self) -> bool:
        """Whether it goes by the expiry; then its order does as well."""
        return self.expires_from is not None or self.expires_before is not None


TSQUERY_OF: LiteralString = """
    SELECT string_agg(nullif(phraseto_tsquery('simple', words)::text, '')
                      || CASE WHEN whole THEN '' ELSE ':*' END, ' & ')
    FROM unnest(%(terms)s::text[], %(whole)s::bool[]) AS asked (term, whole)
    CROSS JOIN LATERAL translate(normalize(term, NFKC), '@./_:+~%%&=?#|-', repeat(' ', 14)) AS words
"""


async def tsquery_of(connection: Connection, terms: Sequence[tuple[str, bool]]) -> str | None:
    """A tsquery of terms, each a phrase of which the last word may go on, unless it is meant whole; none if there is no
    word in them."""
    params = {"terms": [term for term, _ in terms], "whole": [whole for _, whole in terms]}
    [query] = await connection.query(TSQUERY_OF, params, scalar_row)
    return None if query is None else str(query)


def _beyond(direction: Direction) -> tuple[LiteralString, LiteralString]:
    """How a later place in the order NEWEST compares, seen that way, and which way to walk."""
    return ("<", "DESC") if direction == "first" else (">", "ASC")


def newest_words_sql(direction: Direction) -> LiteralString:
    """The statement that looks through the newest tasks."""
    later, way = _beyond(direction)
    return f"""
    WITH near AS MATERIALIZED (
        SELECT created_at, id, words FROM task
        WHERE workspace_id = %(workspace)s AND {VISIBLE} AND (created_at, id) {later} (%(at)s, %(id)s)
        ORDER BY created_at {way}, id {way} LIMIT %(scan_rows)s
    )
    SELECT looked, created_at, id FROM (SELECT count(*) AS looked FROM near) AS counted LEFT JOIN (
        SELECT created_at, id FROM near WHERE words @@ %(query)s::tsquery
        ORDER BY created_at {way}, id {way} LIMIT %(count)s
    ) AS found ON true
    ORDER BY created_at {way}, id {way}
"""


def all_words_sql(direction: Direction) -> LiteralString:
    """The statement that asks the index of words."""
    later, way = _beyond(direction)
    return f"""
    WITH found AS MATERIALIZED (
        SELECT created_at, id FROM task
        WHERE words @@ %(query)s::tsquery AND deleted_at IS NULL AND workspace_id = %(workspace)s
          AND (expires_at IS NULL OR expires_at > statement_timestamp())
    )
    SELECT created_at, id FROM found WHERE (created_at, id) {later} (%(at)s, %(id)s)
    ORDER BY created_at {way}, id {way} LIMIT %(count)s
"""


async def matching_words(
    connection: Connection, workspace: str, query: str, start: Position, count: int, direction: Direction
) -> list[Position]:
    """The next places of tasks with these words, the newest first; behind `start`, or (last) before it, going back."""
    params = {
        "workspace": workspace,
        "query": query,
        "at": start[0],
        "id": start[1],
        "count": count,
        "scan_rows": NEWEST_SCAN_ROWS,
    }
    near = await connection.query(newest_words_sql(direction), params, tuple_row)
    found = [(at, id_) for _, at, id_ in near if id_ is not None]
    if len(found) == count or near[0][0] < NEWEST_SCAN_ROWS:
        return found
    return await connection.query(all_words_sql(direction), params, tuple_row)


def filter_sql(direction: Direction) -> LiteralString:
    """The statement for a filter that goes by creation: one walk for each priority and status."""
    later, way = _beyond(direction)
    return f"""
    SELECT found.created_at, found.id
    FROM unnest(%(priorities)s::task_priority[]) AS p CROSS JOIN unnest(%(statuses)s::task_status[]) AS s
    CROSS JOIN LATERAL (
        SELECT created_at, id FROM task
        WHERE workspace_id = %(workspace)s AND priority = p AND status = s AND {VISIBLE}
          AND created_at >= %(created_from)s AND created_at < %(created_before)s
          AND (created_at, id) {later} (%(at)s, %(id)s)
        ORDER BY created_at {way}, id {way} LIMIT %(count)s
    ) AS found
    ORDER BY created_at {way}, id {way} LIMIT %(count)s
"""


def expiry_filter_sql(direction: Direction) -> LiteralString:
    """The statement for a filter that goes by expiry, the soonest first: one walk for each status."""
    later, way = (">", "ASC") if direction == "first" else ("<", "DESC")
    return f"""
    SELECT found.expires_at, found.id FROM unnest(%(statuses)s::task_status[]) AS s
    CROSS JOIN LATERAL (
        SELECT expires_at, id FROM task
        WHERE workspace_id = %(workspace)s AND status = s AND deleted_at IS NULL
          AND expires_at > statement_timestamp()
          AND expires_at >= %(expires_from)s AND expires_at < %(expires_before)s
          AND (expires_at, id) {later} (%(at)s, %(id)s)
        ORDER BY expires_at {way}, id {way} LIMIT %(count)s
    ) AS found
    ORDER BY expires_at {way}, id {way} LIMIT %(count)s
"""


async def matching_filter(
    connection: Connection, workspace: str, asked: RowFilter, start: Position, count: int, direction: Direction
) -> list[Position]:
    """The next places of the tasks that a filter lets through, as for the words; by expiry, the soonest first."""
    sql = expiry_filter_sql(direction) if asked.by_expiry else filter_sql(direction)
    params = {
        "workspace": workspace,
        "priorities": list(asked.priorities),
        "statuses": list(asked.statuses),
        "created_from": asked.created_from,
        "created_before": asked.created_before,
        "expires_from": asked.expires_from or OLDEST_POSITION[0],
        "expires_before": asked.expires_before or NEWEST_POSITION[0],
        "at": start[0],
        "id": start[1],
        "count": count,
    }
    found: list[tuple[datetime, UUID]] = await connection.query(sql, params, tuple_row)
    return found
