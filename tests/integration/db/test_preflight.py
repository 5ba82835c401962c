"""Tests that the preflight finds unsuitable servers, and says how to fix them."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from api.config.settings import Settings
from api.devstores import EmbeddedStores
from db.limits import DatabaseLimits
from db.pool import Database
from db.preflight import database_problems, database_warnings
from tests.support.pooler import pooler

LIMITS = DatabaseLimits()
SetDefault = Callable[[str, str], None]


@pytest.fixture
def set_default(database_url: str) -> SetDefault:
    """Return a function that sets a default for all connections to the test database."""
    name = str(conninfo_to_dict(database_url)["dbname"])

    def set_(setting: str, value: str) -> None:
        parts = {"name": sql.Identifier(name), "setting": sql.Identifier(setting), "value": value}
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(sql.SQL("ALTER DATABASE {name} SET {setting} = {value}").format(**parts))

    return set_


@pytest.fixture
def latin_database_url(database_url: str) -> Iterator[str]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0")
        yield database_url.replace(f"/{connection.info.dbname}?", "/latin?")
        connection.execute("DROP DATABASE latin WITH (FORCE)")


async def current_setting(database: Database, setting: str) -> str:
    async with database.connection() as connection:
        cursor = await connection.raw.execute("SELECT current_setting(%s)", (setting,))
        row = await cursor.fetchone()
    assert row is not None
    return str(row[0])


async def test_suitable_database_has_no_problems(database_url: str) -> None:
    assert await database_problems(database_url, LIMITS) == []
    # The check needs two connections, even if the pool is limited to one connection.
    assert await database_problems(database_url, DatabaseLimits(pool_size=1)) == []


@pytest.mark.parametrize(
    ("setting", "default", "expected"),
    [
        ("transaction_timeout", "0", "10s"),
        ("transaction_timeout", "1h", "10s"),
        ("statement_timeout", "1min", "5s"),
        ("default_transaction_isolation", "serializable", "read committed"),
        ("synchronous_commit", "off", "on"),
        ("synchronous_commit", "local", "local"),
        ("synchronous_commit", "remote_apply", "remote_apply"),
        ("client_min_messages", "error", "warning"),
        ("client_min_messages", "notice", "notice"),
        ("TimeZone", "Asia/Tokyo", "UTC"),
    ],
)
async def test_required_settings_are_set_on_each_connection(
    database_url: str, set_default: SetDefault, setting: str, default: str, expected: str
) -> None:
    set_default(setting, default)
    assert await database_problems(database_url, LIMITS) == []
    async with Database(database_url) as database:
        assert await current_setting(database, setting) == expected


async def test_read_only_database_is_a_problem(database_url: str, set_default: SetDefault) -> None:
    set_default("default_transaction_read_only", "on")
    [problem] = await database_problems(database_url, LIMITS)
    assert problem.startswith("default_transaction_read_only is on")
    assert "ALTER DATABASE … RESET default_transaction_read_only" in problem


async def test_replica_is_a_problem(tmp_path: Path) -> None:
    settings = Settings(database_url=None, redis_url="redis://nobody", data_dir=tmp_path)
    with EmbeddedStores(settings, durable=False):
        pass
    # This file makes the server a standby, which accepts readers while it waits for its primary.
    (tmp_path / "postgres" / "standby.signal").touch()
    with EmbeddedStores(settings, durable=False) as urls:
        [problem] = await database_problems(urls.database_url, LIMITS)
    assert problem.startswith("this server is a read replica (in_hot_standby is on)")
    assert "Point DATABASE_URL at the primary" in problem


async def test_other_encoding_than_utf8_is_a_problem(latin_database_url: str) -> None:
    [problem] = await database_problems(latin_database_url, LIMITS)
    assert "encoding is LATIN1, but the service needs UTF8" in problem
    assert "ENCODING 'UTF8'" in problem


async def test_pooler_in_transaction_mode_is_a_problem(database_url: str) -> None:
    # Several times, because it depends on chance which session a statement gets.
    for _ in range(10):
        # The path of a Unix socket must be short, and tmp_path is too long.
        with tempfile.TemporaryDirectory() as folder:
            async with pooler(database_url, Path(folder)) as url:
                [problem] = await database_problems(url, LIMITS)
        assert problem.startswith("connections do not keep their session settings")
        assert "transaction_timeout (10000 ms)" in problem
        assert "pool_mode = session" in problem


async def test_server_without_fsync_is_a_warning(database_url: str) -> None:
    # The test server runs without fsync.
    [warning] = await database_warnings(database_url, LIMITS)
    assert warning.startswith("fsync is off")
