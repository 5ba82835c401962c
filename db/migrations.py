"""Schema migrations: apply the SQL files of `db/sql` in order, each once."""

import socket
import time
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, LiteralString, Self
from uuid import uuid4

import psycopg
from yoyo import default_migration_table, read_migrations
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.connections import parse_uri
from yoyo.internalmigrations import needs_upgrading

from db.address import connect_options
from db.errors import UnfitDatabase, store_message, translated
from db.preflight import version_problem

FOLDER = Path(__file__).parent / "sql"

# The key of an advisory lock: any number that no other program uses in this database.
LOCK = 0x4D_69_6C_6C_69
LOCK_PAUSE_SECONDS = 0.05
# A default of the server or of the user must not end a migration that reads every row.
NO_TIMEOUTS = "SELECT set_config('statement_timeout', '0', false), set_config('transaction_timeout', '0', false)"
MAY_CREATE = "SELECT current_schema(), coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)"
_HOW_TO = (
    "Run python -m api migrate as the owner of the tables, or grant the right. "
    "docs/reference/settings.md#database-rights lists the rights."
)


def migrate(database_url: str) -> list[str]:
    """Apply the pending migrations and return their names. Raises `DatabaseError`.

    An advisory lock serializes concurrent processes. It ends with its connection, so also if a process is killed.
    """
    try:
        with psycopg.connect(database_url, autocommit=True, **connect_options(database_url)) as connection:
            _check_version(connection)
            connection.execute(NO_TIMEOUTS)
            _take_lock(connection)
            return _apply(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        raise UnfitDatabase(f"the database user may not migrate: {store_message(error)}. {_HOW_TO}") from error
    except psycopg.Error as error:
        raise translated(error) from error


APPLIED: LiteralString = "SELECT migration_id FROM _yoyo_migration"


def require_no_pending(database_url: str) -> None:
    """Raise `UnfitDatabase` if migrations are pending. Needs no session, so a pooler in transaction mode suffices."""
    names = {path.stem for path in FOLDER.glob("*.sql")}
    try:
        with psycopg.connect(database_url, autocommit=True, **connect_options(database_url)) as connection:
            applied = {name for (name,) in connection.execute(APPLIED).fetchall()}
    except psycopg.errors.UndefinedTable:  # the database is new
        applied = set()
    except psycopg.Error as error:
        raise translated(error) from error
    if names - applied:
        raise UnfitDatabase(
            f"{len(names - applied)} migrations are pending, which cannot run through a pooler in transaction mode. "
            "Run python -m api migrate with DATABASE_URL at PostgreSQL itself and without MILLITASK_DATABASE_POOLING."
        )


def _take_lock(connection: psycopg.Connection) -> None:
    """Wait for the advisory lock, without a statement that waits for it.

    Such a statement would have a snapshot, for which CREATE INDEX CONCURRENTLY of the process with the lock would wait.
    """
    while connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone() != (True,):
        time.sleep(LOCK_PAUSE_SECONDS)


def _check_version(connection: psycopg.Connection) -> None:
    problem = version_problem(connection.info.server_version)
    if problem is not None:
        raise UnfitDatabase(problem)


def _apply(connection: psycopg.Connection) -> list[str]:
    backend = _Backend(connection)
    if needs_upgrading(backend):  # the database is new
        _check_may_create(connection)
    pending = backend.to_apply(read_migrations(str(FOLDER)))
    if pending:
        _check_may_create(connection)
    backend.apply_migrations(pending)
    return [migration.id for migration in pending]


def _check_may_create(connection: psycopg.Connection) -> None:
    row = connection.execute(MAY_CREATE).fetchone()
    assert row is not None
    schema, may_create = row
    user = connection.info.user
    if schema is None:
        raise UnfitDatabase(
            f"the search_path of the database user {user} names no schema that exists and that the user may use. "
            f'Run GRANT USAGE, CREATE ON SCHEMA public TO "{user}".'
        )
    if not may_create:
        raise UnfitDatabase(
            f"the database user {user} may not create tables in the schema {schema}, but migrations are pending. "
            f'Run GRANT CREATE ON SCHEMA {schema} TO "{user}". {_HOW_TO}'
        )


class _Backend(PostgresqlPsycopgBackend):  # type: ignore[misc]
    """yoyo on the connection that holds the advisory lock, without locks and connections of its own."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._locked = connection
        super().__init__(parse_uri("postgresql+psycopg:"), default_migration_table)

    def connect(self, _uri: object) -> psycopg.Connection:
        return self._locked

    def copy(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        """Leave the connection open: `migrate` closes it."""

    def lock(self, timeout: float = 0) -> AbstractContextManager[None]:
        """Take no lock: yoyo's is a row, which would stay if its process was killed."""
        return nullcontext()

    def get_log_data(self, migration: Any = None, operation: str = "apply") -> dict[str, Any]:
        """Return a row of yoyo's log. yoyo's own needs a user with a name, and asks DNS for the name of the host."""
        return {
            "id": str(uuid4()),
            "migration_id": migration.id,
            "migration_hash": migration.hash,
            "username": self._locked.info.user,
            "hostname": socket.gethostname(),
            "created_at_utc": datetime.now(UTC).replace(tzinfo=None),
            "operation": operation,
        }
