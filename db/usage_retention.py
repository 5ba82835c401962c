"""The end of usage rows: by their age, by their number, and with their workspace."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import LiteralString

from psycopg.rows import scalar_row

from db.arrays import text_array
from db.connection import Connection
from db.usage import Kind, Resolution

# How long the rows of minutes and hours are kept at most. The rows of days are kept for the whole retention.
MAX_RETENTION: Mapping[Resolution, timedelta] = {"minute": timedelta(days=3), "hour": timedelta(days=92)}
# So many rows of a kind are kept for each minute, hour and day: those with the most requests.
MOST: Mapping[Kind, int] = {
    "task": 1000,
    "page": 200,
    "term": 200,
    "operation": 100,
    "client": 100,
    "sender": 200,
}
# The row to which the counts of pruned rows are added, so that the sums over all rows stay exact.
REST: Mapping[Kind, str] = {"operation": "- (other)", "client": "(other)", "sender": "- (other)"}

# The old rows of each resolution are found by the index on their age, and deleted by their places. In one condition for
# all resolutions, PostgreSQL reads the whole table.
PURGE_USAGE: LiteralString = """
    -- every workspace: rows are purged by their age
    WITH gone AS (
        SELECT place FROM (
            VALUES ('minute'::usage_resolution, %(minute)s::interval),
                   ('hour', %(hour)s::interval), ('day', %(day)s::interval)
        ) AS kept (resolution, retention)
        CROSS JOIN LATERAL (
            SELECT ctid AS place FROM usage_count
            WHERE usage_count.resolution = kept.resolution AND starts_at < statement_timestamp() - kept.retention
            ORDER BY starts_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED
        ) AS old
        LIMIT %(batch)s
    ), purged AS (
        DELETE FROM usage_count WHERE ctid = ANY(ARRAY(SELECT place FROM gone))
        RETURNING true
    )
    SELECT count(*) FROM purged
"""


async def purge_usage(connection: Connection, retention: timedelta, batch: int) -> int:
    """Delete up to `batch` rows of all workspaces that are older than their retention. Return the number."""
    limits = {name: min(longest, retention) for name, longest in MAX_RETENTION.items()}
    params = {"minute": limits["minute"], "hour": limits["hour"], "day": retention, "batch": batch}
    return int((await connection.query(PURGE_USAGE, params, scalar_row))[0])


PURGE_GATE_EVENTS: LiteralString = """
    -- every workspace: events are purged by their age
    WITH gone AS (
        SELECT workspace_id, id FROM gate_event WHERE at < statement_timestamp() - %(retention)s::interval
        ORDER BY at LIMIT %(batch)s FOR UPDATE SKIP LOCKED
    ), purged AS (
        DELETE FROM gate_event USING gone
        WHERE (gate_event.workspace_id, gate_event.id) = (gone.workspace_id, gone.id) RETURNING true
    )
    SELECT count(*) FROM purged
"""


async def purge_gate_events(connection: Connection, retention: timedelta, batch: int) -> int:
    """Delete up to `batch` events of all gates that are older than `retention`. Return the number."""
    return int((await connection.query(PURGE_GATE_EVENTS, {"retention": retention, "batch": batch}, scalar_row))[0])


# Rows are found by their places: PostgreSQL may join five columns by time alone, and then compares all keys of an hour
# with each other. SKIP LOCKED: they are not in the order of the key, so waiting for them could be a deadlock.
PRUNE_USAGE: LiteralString = """
    -- every workspace: a process prunes the rows to which it has added
    WITH ranked AS (
        SELECT usage_count.ctid AS place, kind,
               row_number() OVER (PARTITION BY workspace_id, resolution, kind, starts_at ORDER BY requests DESC, key)
        FROM unnest(enum_range(NULL::usage_resolution)) AS pruned (resolution)
        JOIN usage_count USING (resolution)
        WHERE workspace_id = ANY(%(workspaces)s::text[]) AND kind = ANY(%(kinds)s::text[]) AND starts_at >= date_trunc(
            pruned.resolution::text, statement_timestamp() - %(within)s::interval, 'UTC')
          AND (kind, key) NOT IN (SELECT * FROM unnest(%(summed)s::text[], %(rests)s::text[]))
    ), excess AS (
        SELECT place FROM ranked JOIN unnest(%(kinds)s::text[], %(most)s::bigint[]) AS pruned (kind, most) USING (kind)
        WHERE row_number > most
    ), gone AS (
        SELECT ctid FROM usage_count WHERE ctid = ANY(ARRAY(SELECT place FROM excess)) FOR UPDATE SKIP LOCKED
    ), pruned AS (
        DELETE FROM usage_count WHERE ctid = ANY(ARRAY(SELECT ctid FROM gone))
        RETURNING usage_count.*
    ), summed AS (
        INSERT INTO usage_count AS stored
            (workspace_id, resolution, kind, starts_at, key, requests, points, errors, seconds, durations)
        SELECT workspace_id, resolution, kind, starts_at, rest, sum(requests), sum(points), sum(errors), sum(seconds),
               CASE WHEN count(durations) > 0 THEN ARRAY[
                   sum(durations[1]), sum(durations[2]), sum(durations[3]), sum(durations[4]), sum(durations[5]),
                   sum(durations[6]), sum(durations[7]), sum(durations[8]), sum(durations[9]), sum(durations[10]),
                   sum(durations[11]), sum(durations[12]), sum(durations[13]), sum(durations[14])
               ]::bigint[] END
        FROM pruned JOIN unnest(%(summed)s::text[], %(rests)s::text[]) AS rests (kind, rest) USING (kind)
        GROUP BY workspace_id, resolution, kind, starts_at, rest
        ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (workspace_id, resolution, kind, starts_at, key) DO UPDATE SET
            requests = stored.requests + excluded.requests,
            points = stored.points + excluded.points,
            errors = stored.errors + excluded.errors,
            seconds = stored.seconds + excluded.seconds,
            durations = (
                SELECT array_agg(coalesce(before, 0) + coalesce(added, 0) ORDER BY place)
                FROM unnest(stored.durations, excluded.durations) WITH ORDINALITY AS bucket (before, added, place)
            )
    )
    SELECT count(*) FROM pruned
"""


async def prune_usage(connection: Connection, workspaces: Sequence[str], within: timedelta) -> int:
    """Keep the rows with the most requests of each minute, hour and day that was not over `within` ago.

    The counts of the deleted rows are added to the row of the kind in `REST`. Return the number of deleted rows.
    """
    params = {
        "workspaces": text_array(workspaces),
        "within": within,
        "kinds": text_array(list(MOST)),
        "most": list(MOST.values()),
        "summed": text_array(list(REST)),
        "rests": text_array(list(REST.values())),
    }
    return int((await connection.query(PRUNE_USAGE, params, scalar_row))[0])


REMOVE_USAGE: LiteralString = """
    WITH gone AS (
        SELECT resolution, kind, starts_at, key FROM usage_count
        WHERE workspace_id = %(workspace)s AND EXISTS (
            SELECT FROM workspace WHERE workspace.id = %(workspace)s AND state = 'deleting')
        LIMIT %(batch)s FOR UPDATE SKIP LOCKED
    ), removed AS (
        DELETE FROM usage_count USING gone
        WHERE usage_count.workspace_id = %(workspace)s
          AND (usage_count.resolution, usage_count.kind, usage_count.starts_at, usage_count.key)
            = (gone.resolution, gone.kind, gone.starts_at, gone.key)
        RETURNING true
    )
    SELECT count(*) FROM removed
"""
REMOVE_GATE_EVENTS: LiteralString = """
    DELETE FROM gate_event WHERE workspace_id = %(workspace)s
      AND EXISTS (SELECT FROM workspace WHERE workspace.id = %(workspace)s AND state = 'deleting')
    RETURNING true
"""


async def remove_usage(connection: Connection, workspace: str, batch: int) -> None:
    """Delete the usage and the gate's history of a workspace that is being deleted."""
    params = {"workspace": workspace, "batch": batch}
    while (await connection.query(REMOVE_USAGE, params, scalar_row))[0] == batch:
        pass
    await connection.query(REMOVE_GATE_EVENTS, {"workspace": workspace}, scalar_row)
