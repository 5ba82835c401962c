"""Brings a database to the newest schema: the plain SQL files of `db/sql`, in order, each once."""

from pathlib import Path

import psycopg
from yoyo import get_backend, read_migrations

from db.errors import DatabaseTooOld, translated
from db.preflight import version_problem

FOLDER = Path(__file__).parent / "sql"

# Any number that no other program uses as an advisory lock in this database.
LOCK = 0x4D_69_6C_6C_69


def migrate(database_url: str) -> list[str]:
    """Applies what is missing, at most once, however many processes call it at the same time.

    Returns the names of the migrations that this call applied. Raises `DatabaseError`.
    yoyo keeps a lock of its own, but as a row that outlives a process that was killed; an advisory
    lock ends with its connection.
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
        raise DatabaseTooOld(problem)


def _apply(database_url: str) -> list[str]:
    backend = get_backend(_yoyo_url(database_url))
    try:
        pending = backend.to_apply(read_migrations(str(FOLDER)))
        backend.apply_migrations(pending)
        return [migration.id for migration in pending]
    finally:
        backend.connection.close()


def _yoyo_url(database_url: str) -> str:
    """yoyo takes the driver's name from the scheme."""
    _, colon, rest = database_url.partition(":")
    return f"postgresql+psycopg{colon}{rest}"
