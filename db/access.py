"""Checks of what the database user may do: how many connections it may open, and which rights it has."""

from typing import Any, LiteralString

import psycopg

# PostgreSQL checks none of these limits for a superuser, except max_connections.
CONNECTION_LIMITS: LiteralString = """
    SELECT 'max_connections', current_setting('max_connections')::int - CASE
        WHEN rolsuper THEN 0
        WHEN pg_has_role('pg_use_reserved_connections', 'USAGE')
            THEN current_setting('superuser_reserved_connections')::int
        ELSE current_setting('superuser_reserved_connections')::int + current_setting('reserved_connections')::int
    END FROM pg_roles WHERE rolname = session_user
    UNION ALL
    SELECT 'the connection limit of the user (ALTER ROLE)', rolconnlimit
    FROM pg_roles WHERE rolname = session_user AND rolconnlimit >= 0 AND NOT rolsuper
    UNION ALL
    SELECT 'the connection limit of the database (ALTER DATABASE)', datconnlimit
    FROM pg_database, pg_roles
    WHERE datname = current_database() AND rolname = session_user AND datconnlimit >= 0 AND NOT rolsuper
    ORDER BY 2 LIMIT 1
"""

# The rights that the service needs on what exists already. On a new database, the migrations check CREATE.
MISSING_RIGHTS: LiteralString = """
    WITH needed (kind, name, rights) AS (VALUES
        ('TABLE', 'task', '{SELECT,INSERT,UPDATE,DELETE}'::text[]),
        ('TABLE', 'task_list', '{SELECT,INSERT,UPDATE,DELETE}'),
        ('TABLE', 'gate', '{SELECT,INSERT,UPDATE,DELETE}'),
        ('TABLE', 'workspace', '{SELECT,INSERT,UPDATE}'),
        ('TABLE', 'api_token', '{SELECT,INSERT,UPDATE,DELETE}'),
        ('TABLE', 'audit_log', '{SELECT,INSERT,UPDATE,DELETE}'),
        ('TABLE', 'usage_count', '{SELECT,INSERT,UPDATE,DELETE}'),
        ('TABLE', 'gate_event', '{SELECT,UPDATE,DELETE}'),
        ('TABLE', '_yoyo_migration', '{SELECT}'),
        ('TABLE', '_yoyo_version', '{SELECT}'),
        ('SEQUENCE', 'mark_token', '{USAGE,SELECT}'),
        ('SEQUENCE', 'gate_epoch', '{USAGE}')
    )
    SELECT array_to_string(array_agg("right"), ', '), kind || ' ' || name
    FROM needed, unnest(rights) AS "right", to_regclass(name) AS found
    WHERE found IS NOT NULL AND NOT CASE kind
        WHEN 'TABLE' THEN has_table_privilege(found, "right") ELSE has_sequence_privilege(found, "right") END
    GROUP BY kind, name
    UNION ALL
    SELECT 'EXECUTE', 'FUNCTION ' || oid::regprocedure FROM pg_proc
    WHERE pg_function_is_visible(oid) AND proname IN ('enter_gate', 'begin_building', 'await_writers', 'are_labels')
        AND NOT has_function_privilege(oid, 'EXECUTE')
    ORDER BY 2
"""


async def connections_problem(connection: psycopg.AsyncConnection[Any], needed: int) -> str | None:
    """Return a message if the database user may never open the connections that the service needs."""
    cursor = await connection.execute(CONNECTION_LIMITS)
    row = await cursor.fetchone()
    if row is None or row[1] >= needed:
        return None
    name, allowed = row
    return (
        f"{name} leaves {allowed} connections to the service, but all of its workers together open up to {needed}. "
        "Raise that limit, or lower MILLITASK_WORKERS or MILLITASK_DATABASE_POOL_SIZE: each worker opens its pool and "
        "one connection more."
    )


async def rights_problem(connection: psycopg.AsyncConnection[Any]) -> str | None:
    """Return a message if the database user lacks a right on the tables, sequences or functions of the service."""
    cursor = await connection.execute(MISSING_RIGHTS)
    missing = await cursor.fetchall()
    if not missing:
        return None
    user = connection.info.user
    grants = " ".join(f'GRANT {rights} ON {name} TO "{user}";' for rights, name in missing)
    return (
        f"the database user {user} lacks rights that the service needs. Run as the owner of the tables: {grants} "
        "docs/reference/settings.md#database-rights lists all rights."
    )
