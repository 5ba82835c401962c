"""Usage: what was requested, in rows for each minute, hour and day, to which every process adds its counts."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, LiteralString, NamedTuple, cast
from uuid import UUID

from msgspec import Struct
from psycopg.rows import scalar_row, tuple_row

from db.arrays import text_array, time_array
from db.connection import Connection
from db.task import Order, Status

Resolution = Literal["minute", "hour", "day"]
# What is counted, and the form of its keys:
# - counter: a counter of the workspace, such as `hits`. service: one of all workspaces, for the default workspace.
# - cause: why a task was not in Redis. page_cause: why a response was not in the page cache.
# - operation: hash and name. client: the actor. sender: hash and actor, for what a client sends.
# - view: status and order. depth: the lowest position of its range. page: status, order, size and first position.
# - task: its id. search: the kind of search. term: a search, if terms are stored.
# - reuse: the lowest number of a range of different tasks that were requested between two requests of one task.
# - gauge: a size; a row has the largest one of its time. The key of the size of one worker has a space and the worker.
Kind = Literal[
    "counter",
    "service",
    "cause",
    "page_cause",
    "operation",
    "client",
    "sender",
    "view",
    "depth",
    "page",
    "task",
    "search",
    "term",
    "reuse",
    "gauge",
]
# These kinds have many keys, and are not stored for minutes.
HOURLY: frozenset[Kind] = frozenset(("task", "page", "term", "reuse"))
# Upper bounds of the buckets of durations in seconds. The last bucket has no bound.
DURATION_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# The lowest position of each range of depths.
DEPTHS = (0, 1, 100, 1000, 10_000, 100_000, 1_000_000)
# Stands in a key for a status or a hash that is absent.
_NONE = "-"
# A warm start loads what was requested most over this time.
RECENT = timedelta(days=2)


class Amounts(Struct):
    """The numbers of a row. For a gauge, `requests` is its value, and the largest one counts. seconds: their sum."""

    requests: int = 0
    points: int = 0
    errors: int = 0
    seconds: float = 0.0
    durations: list[int] | None = None

    def add(self, other: "Amounts", kind: Kind) -> None:
        """Add the amounts of another process or time."""
        self.requests = max(self.requests, other.requests) if kind == "gauge" else self.requests + other.requests
        self.points += other.points
        self.errors += other.errors
        self.seconds += other.seconds
        if other.durations is not None:
            mine = self.durations or [0] * len(other.durations)
            self.durations = [one + two for one, two in zip(mine, other.durations, strict=True)]


class Cell(NamedTuple):
    """Identifies a row."""

    workspace: str
    resolution: Resolution
    kind: Kind
    starts_at: datetime
    key: str


# In the order of the primary key, so that two processes cannot deadlock.
ADD_USAGE: LiteralString = """
    -- every workspace: a process adds what it has counted in all of its workspaces
    INSERT INTO usage_count AS stored
        (workspace_id, resolution, kind, starts_at, key, requests, points, errors, seconds, durations)
    SELECT workspace_id, resolution::usage_resolution, kind, starts_at, key, requests, points, errors, seconds,
           nullif(durations, '')::bigint[]
    FROM unnest(
        %(workspaces)s::text[], %(resolutions)s::text[], %(kinds)s::text[], %(times)s::timestamptz[],
        %(keys)s::text[], %(requests)s::bigint[], %(points)s::bigint[], %(errors)s::bigint[],
        %(seconds)s::double precision[], %(durations)s::text[]
    ) AS given (workspace_id, resolution, kind, starts_at, key, requests, points, errors, seconds, durations)
    ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (workspace_id, resolution, kind, starts_at, key) DO UPDATE SET
        requests = CASE stored.kind WHEN 'gauge' THEN greatest(stored.requests, excluded.requests)
            ELSE stored.requests + excluded.requests END,
        points = stored.points + excluded.points,
        errors = stored.errors + excluded.errors,
        seconds = stored.seconds + excluded.seconds,
        durations = (
            SELECT array_agg(coalesce(before, 0) + coalesce(added, 0) ORDER BY place)
            FROM unnest(stored.durations, excluded.durations) WITH ORDINALITY AS bucket (before, added, place)
        )
    RETURNING true
"""


async def add_usage(connection: Connection, rows: Mapping[Cell, Amounts]) -> None:
    """Add amounts to rows of any workspaces. Not idempotent: a caller that does not know the outcome must not retry."""
    cells, amounts = list(rows), list(rows.values())
    params = {
        "workspaces": text_array([cell.workspace for cell in cells]),
        "resolutions": text_array([cell.resolution for cell in cells]),
        "kinds": text_array([cell.kind for cell in cells]),
        "times": time_array([cell.starts_at for cell in cells]),
        "keys": text_array([cell.key for cell in cells]),
        "requests": [each.requests for each in amounts],
        "points": [each.points for each in amounts],
        "errors": [each.errors for each in amounts],
        "seconds": [each.seconds for each in amounts],
        "durations": text_array(
            ["" if each.durations is None else f"{{{','.join(map(str, each.durations))}}}" for each in amounts]
        ),
    }
    await connection.query(ADD_USAGE, params, scalar_row)


SIZES_OF_WORKERS: LiteralString = """
    SELECT key, max(requests) FROM usage_count
    WHERE workspace_id = %(workspace)s AND resolution = 'minute' AND kind = 'gauge'
      AND starts_at >= %(since)s AND starts_at < %(until)s AND starts_with(key, %(prefix)s)
    GROUP BY key
"""


async def sizes_of_workers(
    connection: Connection, workspace: str, name: str, since: datetime, until: datetime
) -> dict[str, int]:
    """Return the largest size that each worker has stored for minutes, by its key."""
    params = {"workspace": workspace, "prefix": worker_key(name, ""), "since": since, "until": until}
    return dict(await connection.query(SIZES_OF_WORKERS, params, tuple_row))


def worker_key(name: str, worker: str) -> str:
    """Return the key of the size of one worker.

    It is stored for minutes only: each deployment can bring hosts with other names, and their number has no bound.
    """
    return f"{name} {worker}"


def is_of_worker(key: str) -> bool:
    """Return whether a key of a gauge is one that `worker_key` has made."""
    return " " in key


MOST_REQUESTED: LiteralString = """
    SELECT key, sum(requests)::bigint FROM usage_count
    WHERE workspace_id = %(workspace)s AND resolution = 'hour' AND kind = %(kind)s
      AND starts_at >= statement_timestamp() - %(recent)s::interval
    GROUP BY key ORDER BY 2 DESC, 1 LIMIT %(limit)s
"""


async def most_requested_tasks(connection: Connection, workspace: str, limit: int) -> list[tuple[UUID, int]]:
    """Return up to `limit` tasks that were requested most over the last days, with the number of requests."""
    return [(UUID(key), count) for key, count in await _most_requested(connection, workspace, "task", limit)]


class RequestedPage(Struct, frozen=True):
    """A page that was requested `count` times: `first` tasks of a view from a position, which counts from 0."""

    status: Status | None
    order: Order
    first: int
    position: int
    count: int


async def most_requested_pages(connection: Connection, workspace: str, limit: int) -> list[RequestedPage]:
    """Return up to `limit` pages that were requested most over the last days."""
    return [page_of(key, count) for key, count in await _most_requested(connection, workspace, "page", limit)]


def document_key(document_hash: str | None, text: str) -> str:
    """Return the key of an operation or of a sender. text: the name of the operation, or the actor."""
    return f"{document_hash or _NONE} {text}"


def document_of(key: str) -> tuple[str | None, str]:
    """Return the hash and the text of a key that `document_key` has made."""
    document_hash, _, text = key.partition(" ")
    return None if document_hash == _NONE else document_hash, text


def view_key(status: Status | None, order: Order) -> str:
    """Return the key of a view."""
    return f"{status or _NONE} {order}"


def view_of(key: str) -> tuple[Status | None, Order]:
    """Return the view of a key."""
    status, order = key.split(" ")
    return None if status == _NONE else cast("Status", status), cast("Order", order)


def page_key(status: Status | None, order: Order, first: int, position: int) -> str:
    """Return the key of a page."""
    return f"{view_key(status, order)} {first} {position}"


def page_of(key: str, count: int) -> RequestedPage:
    """Return the page of a key."""
    view, first, position = key.rsplit(" ", 2)
    return RequestedPage(*view_of(view), int(first), int(position), count)


async def _most_requested(connection: Connection, workspace: str, kind: Kind, limit: int) -> Sequence[tuple[str, int]]:
    params = {"workspace": workspace, "kind": kind, "recent": RECENT, "limit": limit}
    return await connection.query(MOST_REQUESTED, params, tuple_row)
