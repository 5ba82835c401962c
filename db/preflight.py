"""What PostgreSQL must be and be set to, checked at start; docs/settings.md tells the same."""

from dataclasses import replace
from typing import LiteralString

import psycopg
from psycopg.rows import scalar_row, tuple_row

from db.errors import DatabaseError, translated
from db.pool import Connection, Database, DatabaseLimits

OLDEST_POSTGRESQL = 17


async def database_problems(url: str, limits: DatabaseLimits) -> list[str]:
    """Why the service must not run on this database: a sentence for each thing to mend. Raises `DatabaseError`."""
    # A connection as any client has it: an older server would not take the settings of the pool's.
    try:
        async with await psycopg.AsyncConnection.connect(url, connect_timeout=5) as plain:
            too_old = version_problem(plain.info.server_version)
    except psycopg.Error as error:
        raise translated(error) from error
    if too_old is not None:
        return [too_old]
    async with Database(url, replace(limits, pool_size=2)) as database:
        async with database.connection() as connection:
            found = await _settings(database, connection)
        problems = [_read_only(found), _encoding(found), await _session(database, found)]
    return [problem for problem in problems if problem is not None]


async def database_warnings(url: str, limits: DatabaseLimits) -> list[str]:
    """What the service can run with and its owner should know. Raises `DatabaseError`."""
    async with Database(url, limits) as database, database.connection() as connection:
        found = await _settings(database, connection)
    if found["fsync"] == "on":
        return []
    return [
        "fsync is off: when the machine crashes, acknowledged tasks are lost and the database may not start again. "
        "Mend it: fsync = on in postgresql.conf, and reload."
    ]


def version_problem(number: int) -> str | None:
    """What is wrong with a server of this version, as PostgreSQL numbers them (180006 is 18.6)."""
    major = number // 10_000
    if major >= OLDEST_POSTGRESQL:
        return None
    return (
        f"this is PostgreSQL {major}, and {OLDEST_POSTGRESQL} or newer is needed: only those end a transaction that "
        "takes too long (transaction_timeout), so that a writer that hangs does not hold up all others. "
        "Mend it: upgrade it, or point DATABASE_URL at a newer server."
    )


SETTINGS: LiteralString = "SELECT name, setting FROM pg_settings WHERE name = ANY(%(names)s)"


async def _settings(database: Database, connection: Connection) -> dict[str, str]:
    names = [*database.session_settings, "transaction_read_only", "in_hot_standby", "server_encoding", "fsync"]
    return dict(await connection.query(SETTINGS, {"names": names}, tuple_row))


def _read_only(found: dict[str, str]) -> str | None:
    if found["in_hot_standby"] == "on":
        return (
            "this server is a read replica (in_hot_standby is on): it takes no writes, and what it says may be old, so "
            "that the cache would be filled with old tasks. Mend it: point DATABASE_URL at the primary."
        )
    if found["transaction_read_only"] == "on":
        return (
            "default_transaction_read_only is on for this database or user: no task could be written. Mend it: "
            "ALTER DATABASE … RESET default_transaction_read_only, or the same with ALTER ROLE or in postgresql.conf."
        )
    return None


def _encoding(found: dict[str, str]) -> str | None:
    if found["server_encoding"] == "UTF8":
        return None
    return (
        f"the database's encoding is {found['server_encoding']}, and UTF8 is needed: others do not hold every "
        "character, or count bytes where a title has 500 characters. "
        "Mend it: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and point DATABASE_URL at that."
    )


async def _session(database: Database, found: dict[str, str]) -> str | None:
    """The pool sets what the protocol relies on once for each connection; a pooler may lose it."""
    lost = [
        f"{name} is {found[name]} and not {value}"
        for name, value in database.session_settings.items()
        if found[name] != value
    ]
    if not lost and await _keeps_its_session(database):
        return None
    seen = f" ({', '.join(lost)})" if lost else ""
    return (
        f"what the service sets on a connection does not stay with it{seen}, as behind a pooler in transaction mode: "
        f"without transaction_timeout ({database.limits.transaction_timeout_ms} ms) a writer that hangs would hold its "
        "locks past its mark's deadline, and without read committed one could use an index that is no more. "
        "Mend it: point DATABASE_URL at the pooler's port for session mode (PgBouncer: pool_mode = session), or at "
        "PostgreSQL itself."
    )


SESSION: LiteralString = "SELECT pg_backend_pid()"
HOLD: LiteralString = "SELECT set_config('idle_in_transaction_session_timeout', '2000', true)"


async def _keeps_its_session(database: Database) -> bool:
    """Whether a connection stays in its session of PostgreSQL while another one is in a transaction.

    A pooler in transaction mode gives the second one the session of the first, which is idle, and the first one the
    next time another; or has it wait, if it may open no other, until the second one's time is up. One that takes its
    sessions in turn gives itself away sooner or later: two statements one after the other are in two of them.
    """
    held = False
    async with database.connection() as one:
        sessions = await _sessions_of_two_statements(one)
        try:
            async with database.transaction() as other:
                await other.query(HOLD, {}, scalar_row)
                held = True
                sessions |= await _sessions_of_two_statements(one)
        except DatabaseError:
            if not held:
                raise
            return False
        sessions |= await _sessions_of_two_statements(one)
    return len(sessions) == 1


async def _sessions_of_two_statements(connection: Connection) -> set[int]:
    rows = []
    for _ in range(2):
        # Not prepared, as what is asked often is: in another session that would fail.
        cursor = await connection.raw.execute(SESSION, prepare=False)
        rows += await cursor.fetchall()
    return {row[0] for row in rows}
