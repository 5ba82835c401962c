"""What reports of usage read: series over time, totals by key, and the history of the gate."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString, NamedTuple

from db.arrays import text_array, time_array
from db.connection import Connection
from db.gate import GateState
from db.row_factories import record_row
from db.usage import Kind, Resolution

# A report reads so many keys of a kind, those with the most requests, and so many changes of the gate.
MAX_KEYS = 1000
MAX_EVENTS = 1000


class Point(NamedTuple):
    """The count of one minute, hour or day."""

    kind: Kind
    key: str
    starts_at: datetime
    requests: int


class RequestPoint(NamedTuple):
    """The requests of one minute, hour or day together."""

    starts_at: datetime
    requests: int
    points: int
    errors: int


class Total(NamedTuple):
    """The counts of a key over a range. current: whether the range is the one asked for, or the one before it."""

    kind: Kind
    key: str
    current: bool
    requests: int
    points: int
    errors: int
    seconds: float
    durations: list[int]


class GateEvent(NamedTuple):
    """A change of the gate."""

    at: datetime
    epoch: int
    state: GateState


_point_row, _request_row, _total_row, _event_row = map(record_row, (Point, RequestPoint, Total, GateEvent))

USAGE_SERIES: LiteralString = """
    SELECT kind, key, starts_at, requests FROM usage_count
    WHERE workspace_id = %(workspace)s AND resolution = %(resolution)s::usage_resolution
      AND kind = ANY(%(kinds)s::text[]) AND starts_at >= %(since)s AND starts_at < %(until)s
      AND (%(keys)s::text[] IS NULL OR key = ANY(%(keys)s::text[]))
"""


async def usage_series(
    connection: Connection,
    workspace: str,
    resolution: Resolution,
    kinds: Sequence[Kind],
    since: datetime,
    until: datetime,
    *,
    keys: Sequence[str] | None = None,
) -> list[Point]:
    """Return the rows of kinds with few keys, in no order. keys: only these keys."""
    params = {
        "workspace": workspace,
        "resolution": resolution,
        "kinds": text_array(kinds),
        "keys": None if keys is None else text_array(keys),
        "since": since,
        "until": until,
    }
    return await connection.query(USAGE_SERIES, params, _point_row)


REQUEST_SERIES: LiteralString = """
    SELECT starts_at, sum(requests)::bigint, sum(points)::bigint, sum(errors)::bigint FROM usage_count
    WHERE workspace_id = %(workspace)s AND resolution = %(resolution)s::usage_resolution AND kind = 'operation'
      AND starts_at >= %(since)s AND starts_at < %(until)s
    GROUP BY starts_at
"""


async def request_series(
    connection: Connection, workspace: str, resolution: Resolution, since: datetime, until: datetime
) -> list[RequestPoint]:
    """Return the requests of all operations by time, in no order."""
    params = {"workspace": workspace, "resolution": resolution, "since": since, "until": until}
    return await connection.query(REQUEST_SERIES, params, _request_row)


class Span(NamedTuple):
    """The rows of one resolution from `since` to `until`, exclusive."""

    resolution: Resolution
    since: datetime
    until: datetime


# It adds up 14 buckets: one more than DURATION_BOUNDS has. OFFSET 0: the rows of each span are read by the primary key.
# PostgreSQL would otherwise compare all rows of the workspace with the spans.
USAGE_TOTALS: LiteralString = """
    WITH counted AS (
        SELECT rows.* FROM unnest(%(resolutions)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
            AS span (resolution, since, until)
        CROSS JOIN LATERAL (
            SELECT kind, key, starts_at >= %(middle)s AS current, requests, points, errors, seconds, durations
            FROM usage_count
            WHERE workspace_id = %(workspace)s AND usage_count.resolution = span.resolution::usage_resolution
              AND kind = ANY(%(kinds)s::text[]) AND starts_at >= span.since AND starts_at < span.until
            OFFSET 0
        ) AS rows
    ), total AS (
        SELECT kind, key, current, sum(requests)::bigint AS requests,
               sum(points)::bigint AS points, sum(errors)::bigint AS errors, sum(seconds) AS seconds,
               ARRAY[
                   sum(durations[1]), sum(durations[2]), sum(durations[3]), sum(durations[4]), sum(durations[5]),
                   sum(durations[6]), sum(durations[7]), sum(durations[8]), sum(durations[9]), sum(durations[10]),
                   sum(durations[11]), sum(durations[12]), sum(durations[13]), sum(durations[14])
               ]::bigint[] AS durations
        FROM counted
        GROUP BY kind, key, current
    ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY kind, current ORDER BY requests DESC, key) AS place FROM total
    )
    SELECT kind, key, current, requests, points, errors, seconds,
           coalesce(array_remove(durations, NULL), '{}') AS durations
    FROM ranked WHERE place <= %(most)s ORDER BY kind, requests DESC, key
"""


async def usage_totals(
    connection: Connection, workspace: str, kinds: Sequence[Kind], spans: Sequence[Span], middle: datetime
) -> list[Total]:
    """Return the totals by key of the rows in spans: those before `middle`, and those from there.

    At most `MAX_KEYS` of each kind and range, those with the most requests first.
    """
    params = {
        "workspace": workspace,
        "kinds": text_array(kinds),
        "resolutions": text_array([span.resolution for span in spans]),
        "starts": time_array([span.since for span in spans]),
        "ends": time_array([span.until for span in spans]),
        "middle": middle,
        "most": MAX_KEYS,
    }
    return await connection.query(USAGE_TOTALS, params, _total_row)


GATE_EVENTS: LiteralString = """
    SELECT at, epoch, state::text FROM gate_event
    WHERE workspace_id = %(workspace)s AND at >= %(since)s AND at < %(until)s
    ORDER BY id DESC LIMIT %(most)s
"""


async def gate_events(connection: Connection, workspace: str, since: datetime, until: datetime) -> list[GateEvent]:
    """Return the changes of the gate, oldest first. At most the last `MAX_EVENTS`."""
    params = {"workspace": workspace, "since": since, "until": until, "most": MAX_EVENTS}
    return (await connection.query(GATE_EVENTS, params, _event_row))[::-1]
