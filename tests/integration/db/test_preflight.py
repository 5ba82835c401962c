"""What PostgreSQL must be is found out, and told with how to mend it."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from api.config.settings import Settings
from api.devstores import EmbeddedStores
from db.errors import DatabaseUnavailable
from db.pool import Database, DatabaseLimits
from db.preflight import database_problems, database_warnings, version_problem
from tests.support.pooler import pooler

LIMITS = DatabaseLimits()
Set = Callable[[str, str], None]


@pytest.fixture
def set_for_all(database_url: str) -> Set:
    """Sets something for all connections to the test's database."""
    name = str(conninfo_to_dict(database_url)["dbname"])

    def set_(setting: str, value: str) -> None:
        words = {"name": sql.Identifier(name), "setting": sql.Identifier(setting), "value": value}
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(sql.SQL("ALTER DATABASE {name} SET {setting} = {value}").format(**words))

    return set_


@pytest.fixture
def latin_database_url(database_url: str) -> Iterator[str]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0")
        yield database_url.replace(f"/{connection.info.dbname}?", "/latin?")
        connection.execute("DROP DATABASE latin WITH (FORCE)")


async def shown(database: Database, setting: str) -> str:
    async with database.connection() as connection:
        cursor = await connection.raw.execute("SELECT current_setting(%s)", (setting,))
        row = await cursor.fetchone()
    assert row is not None
    return str(row[0])


async def test_a_good_one_has_no_problems(database_url: str) -> None:
    assert await database_problems(database_url, LIMITS) == []
    # A pool of one is no reason to wait for a second connection.
    assert await database_problems(database_url, DatabaseLimits(pool_size=1)) == []


@pytest.mark.parametrize(
    ("setting", "value", "own"),
    [
        ("transaction_timeout", "0", "10s"),
        ("transaction_timeout", "1h", "10s"),
        ("statement_timeout", "1min", "5s"),
        ("default_transaction_isolation", "serializable", "read committed"),
        ("synchronous_commit", "off", "on"),
        ("synchronous_commit", "local", "local"),
        ("synchronous_commit", "remote_apply", "remote_apply"),
        ("TimeZone", "Asia/Tokyo", "UTC"),
    ],
)
async def test_what_the_protocol_relies_on_is_set_on_each_connection(
    database_url: str, set_for_all: Set, setting: str, value: str, own: str
) -> None:
    set_for_all(setting, value)
    assert await database_problems(database_url, LIMITS) == []
    async with Database(database_url) as database:
        assert await shown(database, setting) == own


async def test_a_read_only_database_is_a_problem(database_url: str, set_for_all: Set) -> None:
    set_for_all("default_transaction_read_only", "on")
    [problem] = await database_problems(database_url, LIMITS)
    assert problem.startswith("default_transaction_read_only is on")
    assert "ALTER DATABASE … RESET default_transaction_read_only" in problem


async def test_a_replica_is_a_problem(tmp_path: Path) -> None:
    settings = Settings(database_url=None, redis_url="redis://nobody", data_dir=tmp_path)
    with EmbeddedStores(settings, durable=False):
        pass
    # Waits for a primary for ever, and lets readers in.
    (tmp_path / "postgres" / "standby.signal").touch()
    with EmbeddedStores(settings, durable=False) as urls:
        [problem] = await database_problems(urls.database_url, LIMITS)
    assert problem.startswith("this server is a read replica (in_hot_standby is on)")
    assert "point DATABASE_URL at the primary" in problem


async def test_an_encoding_that_does_not_hold_all_characters_is_a_problem(latin_database_url: str) -> None:
    [problem] = await database_problems(latin_database_url, LIMITS)
    assert "encoding is LATIN1, and UTF8 is needed" in problem
    assert "ENCODING 'UTF8'" in problem


async def test_a_pooler_in_transaction_mode_is_a_problem(database_url: str) -> None:
    # The path of a socket has to be short.
    with tempfile.TemporaryDirectory() as folder:
        async with pooler(database_url, Path(folder)) as url:
            [problem] = await database_problems(url, LIMITS)
    assert problem.startswith("what the service sets on a connection does not stay with it")
    assert "transaction_timeout (10000 ms)" in problem
    assert "pool_mode = session" in problem


@pytest.mark.parametrize(("number", "found"), [(160_009, "16"), (100_023, "10"), (90_624, "9")])
def test_an_old_version_is_a_problem(number: int, found: str) -> None:
    problem = version_problem(number)
    assert problem is not None
    assert problem.startswith(f"this is PostgreSQL {found}, and 17 or newer is needed")
    assert "DATABASE_URL" in problem


@pytest.mark.parametrize("number", [170_000, 180_006])
def test_a_new_version_is_none(number: int) -> None:
    assert version_problem(number) is None


async def test_one_that_keeps_nothing_safe_is_warned_of(database_url: str) -> None:
    # As the tests' own server is.
    [warning] = await database_warnings(database_url, LIMITS)
    assert warning.startswith("fsync is off")


async def test_one_that_is_away_is_an_error() -> None:
    with pytest.raises(DatabaseUnavailable):
        await database_problems("postgresql://nobody@127.0.0.1:1/none", LIMITS)


def test_a_transaction_without_a_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="transaction_timeout_ms must be 1 or more"):
        DatabaseLimits(transaction_timeout_ms=0)
