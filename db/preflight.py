"""Checks of the PostgreSQL server before the service starts. docs/reference/settings.md lists the requirements."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, LiteralString

import psycopg
from psycopg.rows import scalar_row, tuple_row

from db.access import connections_problem, rights_problem
from db.address import any_server_options, connect_options
from db.connection import Connection
from db.errors import DatabaseError, StaleSession, store_message, translated
from db.limits import DatabaseLimits
from db.pool import Database

MIN_POSTGRESQL_VERSION = 17


async def database_problems(url: str, limits: DatabaseLimits, connections: int = 2) -> list[str]:
    """Return why the service cannot run on this database, one message for each problem. Raises `DatabaseError`.

    `connections` is the most connections that all workers open.
    """
    # A plain connection: an older server would refuse the settings of the pool's connections.
    try:
        async with await psycopg.AsyncConnection.connect(url, **any_server_options(url)) as plain:
            unfit = version_problem(plain.info.server_version) or _replica_problem(plain)
            if not limits.shared_sessions:  # a pooler opens fewer
                unfit = unfit or await connections_problem(plain, connections)
            rights = None if unfit else await rights_problem(plain)
    except psycopg.Error as error:
        raise translated(error) from error
    if unfit is not None:  # the other checks would fail for this reason
        return [unfit]
    async with Database(url, replace(limits, pool_size=2)) as database:
        async with database.connection() as connection:
            found = await _settings(database, connection)
        session = defaults_problem(found, limits) if limits.shared_sessions else await _session_problem(database, found)
    problems = [_read_only_problem(found), _encoding_problem(found), session, rights]
    return [problem for problem in problems if problem is not None]


async def database_warnings(url: str, limits: DatabaseLimits) -> list[str]:
    """Return what the operator should change although the service can run. Raises `DatabaseError`."""
    async with Database(url, limits) as database, database.connection() as connection:
        found = await _settings(database, connection)
    if found["fsync"] == "on":
        return []
    return [
        "fsync is off: if the machine crashes, acknowledged writes are lost and the database may be corrupted. "
        "Set fsync = on in postgresql.conf and reload the configuration."
    ]


async def replica_problem(url: str) -> str | None:
    """Return why searches cannot use this server now, or None. The service starts in any case."""
    options = connect_options(url, "DATABASE_REPLICA_URL")
    try:
        async with await psycopg.AsyncConnection.connect(url, **options) as connection:
            if connection.info.parameter_status("in_hot_standby") == "on":
                return None
            return (
                "this server is not a replica (in_hot_standby is off). Point DATABASE_REPLICA_URL at a standby of the "
                "primary, or unset it."
            )
    except psycopg.Error as error:
        return store_message(error)


def version_problem(number: int) -> str | None:
    """Return what is wrong with a server of this version, in PostgreSQL's numbering (180006 is 18.6)."""
    major = number // 10_000
    if major >= MIN_POSTGRESQL_VERSION:
        return None
    return (
        f"this is PostgreSQL {major}, but the service needs {MIN_POSTGRESQL_VERSION} or newer: older versions have no "
        "transaction_timeout, so a stalled writer would block all others. "
        "Upgrade the server, or point DATABASE_URL at a newer one."
    )


SETTINGS: LiteralString = "SELECT name, setting FROM pg_settings WHERE name = ANY(%(names)s)"


async def _settings(database: Database, connection: Connection) -> dict[str, str]:
    others = ("synchronous_commit", "client_min_messages", "transaction_read_only", "server_encoding", "fsync")
    names = [*database.session_settings, *others]
    return dict(await connection.query(SETTINGS, {"names": names}, tuple_row))


def _replica_problem(connection: psycopg.AsyncConnection[Any]) -> str | None:
    if connection.info.parameter_status("in_hot_standby") != "on":
        return None
    return (
        "this server is a read replica (in_hot_standby is on): it refuses writes, and its stale rows would be "
        "cached. Point DATABASE_URL at the primary, or name all servers: "
        "postgresql://user@db1,db2/millitask?target_session_attrs=read-write"
    )


def _read_only_problem(found: dict[str, str]) -> str | None:
    if found["transaction_read_only"] == "on":
        return (
            "default_transaction_read_only is on for this database or user, so it refuses writes. Run ALTER DATABASE … "
            "RESET default_transaction_read_only, or reset it with ALTER ROLE or in postgresql.conf."
        )
    return None


def _encoding_problem(found: dict[str, str]) -> str | None:
    if found["server_encoding"] == "UTF8":
        return None
    return (
        f"the database's encoding is {found['server_encoding']}, but the service needs UTF8: other encodings cannot "
        "store every character, or count bytes instead of characters. "
        "Run CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and point DATABASE_URL at the new database."
    )


async def _session_problem(database: Database, found: dict[str, str]) -> str | None:
    """Return a message if a connection loses its session settings, as behind a pooler in transaction mode."""
    lost = [
        f"{name} is {found[name]} and not {value}"
        for name, value in database.session_settings.items()
        if found[name] != value
    ]
    if not lost and await _keeps_its_session(database):
        return None
    seen = f" ({', '.join(lost)})" if lost else ""
    return (
        f"connections do not keep their session settings{seen}, as behind a pooler in transaction mode. The service "
        f"depends on transaction_timeout ({database.limits.transaction_timeout_ms} ms) and on read committed isolation "
        "to keep Redis consistent with PostgreSQL. Set MILLITASK_DATABASE_POOLING=transaction, or point DATABASE_URL "
        "at a port of the pooler in session mode (PgBouncer: pool_mode = session), or at PostgreSQL directly."
    )


def defaults_problem(found: Mapping[str, str], limits: DatabaseLimits) -> str | None:
    """Return a message if a session begins with settings that do not suit the service, which cannot set them itself."""
    longest = {
        "statement_timeout": limits.statement_timeout_ms,
        "transaction_timeout": limits.transaction_timeout_ms,
    }
    needed = {name: str(most) for name, most in longest.items() if not 1 <= int(found[name]) <= most}
    if found["default_transaction_isolation"] != "read committed":
        needed["default_transaction_isolation"] = "'read committed'"
    if found["TimeZone"] not in ("UTC", "Etc/UTC"):
        needed["TimeZone"] = "'UTC'"
    if found["synchronous_commit"] == "off":
        needed["synchronous_commit"] = "on"
    if found["client_min_messages"] == "error":
        needed["client_min_messages"] = "warning"
    if not needed:
        return None
    seen = ", ".join(f"{name} is {found[name]}" for name in needed)
    commands = " ".join(f"ALTER ROLE … SET {name} = {value};" for name, value in needed.items())
    return (
        "MILLITASK_DATABASE_POOLING is transaction, so the service sets nothing for its sessions, and the defaults of "
        f"the user do not suit it: {seen}. Run {commands} Then let the pooler reconnect (PgBouncer: RECONNECT). If "
        "DATABASE_URL leads to PostgreSQL itself, unset MILLITASK_DATABASE_POOLING instead."
    )


BACKEND_PID: LiteralString = "SELECT pg_backend_pid()"
LIMIT_IDLE_TIME: LiteralString = "SELECT set_config('idle_in_transaction_session_timeout', '2000', true)"


async def _keeps_its_session(database: Database) -> bool:
    """Return whether a connection keeps its PostgreSQL session while another connection is in a transaction.

    A pooler in transaction mode lends the idle session of `first` to the transaction. `first` then gets a different
    session, or waits until the transaction is ended for being idle. A pooler that rotates its sessions is found because
    two consecutive statements run in different ones, or because a statement was prepared in a different one.
    """
    in_transaction = False
    async with database.connection() as first:
        sessions = await _sessions_of_two_statements(first)
        try:
            async with database.transaction() as second:
                await second.query(LIMIT_IDLE_TIME, {}, scalar_row)
                in_transaction = True
                sessions |= await _sessions_of_two_statements(first)
        except DatabaseError as error:
            if not in_transaction and not isinstance(error, StaleSession):
                raise
            return False
        sessions |= await _sessions_of_two_statements(first)
    return len(sessions) == 1


async def _sessions_of_two_statements(connection: Connection) -> set[int]:
    rows = []
    for _ in range(2):
        # A prepared statement would fail in a different session.
        cursor = await connection.raw.execute(BACKEND_PID, prepare=False)
        rows += await cursor.fetchall()
    return {row[0] for row in rows}
