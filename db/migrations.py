"""Schema migrations: apply the SQL files of `db/sql` in order, each once."""

from pathlib import Path

import psycopg
from yoyo import get_backend, read_migrations

from db.errors import UnfitDatabase, translated
from db.preflight import version_problem

FOLDER = Path(__file__).parent / "sql"

# The key of an advisory lock: any number that no other program uses in this database.
LOCK = 0x4D_69_6C_6C_69


def migrate(database_url: str) -> list[str]:
    """Apply the pending migrations and return their names. Raises `DatabaseError`.

    An advisory lock serializes concurrent processes. yoyo's own lock is a row, which would stay locked if its process
    was killed. An advisory lock ends with its connection.
    """
    try:
        with psycopg.connect(database_url, autocommit=True, connect_timeout=10) as connection:
            _check_version(connection)
            connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
            return _apply(database_url)
    except psycopg.Error as error:
        raise translated(error) from error


def _check_version(connection: psycopg.Connection) -> None:
    problem = version_problem(connection.info.server_version)
    if problem is not None:
        raise UnfitDatabase(problem)


def _apply(database_url: str) -> list[str]:
    backend = get_backend(_yoyo_url(database_url))
    try:
        pending = backend.to_apply(read_migrations(str(FOLDER)))
        backend.apply_migrations(pending)
        return [migration.id for migration in pending]
    finally:
        backend.connection.close()


def _yoyo_url(database_url: str) -> str:
    """Return the URL with the scheme that makes yoyo use psycopg."""
    _, colon, rest = database_url.partition(":")
    return f"postgresql+psycopg{colon}{rest}"
