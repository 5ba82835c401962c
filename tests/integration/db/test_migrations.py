"""Tests that each migration is applied once, also by concurrent processes."""

import pwd
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg import sql

from api.devstores import StoreUrls
from db import migrations
from db.errors import UnfitDatabase
from db.migrations import FOLDER, migrate, require_no_pending
from tests.support.examples import examples

ROOT = Path(__file__).parents[3]
NAMES = sorted(path.stem for path in FOLDER.glob("*.sql"))
EMPTY = "test_migrations"
MIGRATE = "import sys; from db.migrations import migrate; print(*migrate(sys.argv[1]))"


@pytest.fixture
def empty_database(stores: StoreUrls) -> Iterator[str]:
    """Yield the URL of a database without tables."""
    name = sql.Identifier(EMPTY)
    with psycopg.connect(stores.database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        yield stores.database_url.replace(":///millitask?", f":///{EMPTY}?")
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def test_each_migration_is_applied_once(empty_database: str) -> None:
    assert migrate(empty_database) == NAMES
    assert migrate(empty_database) == []
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT count(*) FROM task").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM gate").fetchone() == (0,)


def test_pending_migrations_are_reported_without_a_session(empty_database: str) -> None:
    with pytest.raises(UnfitDatabase, match=f"{len(NAMES)} migrations are pending"):
        require_no_pending(empty_database)
    migrate(empty_database)
    require_no_pending(empty_database)
    with psycopg.connect(empty_database) as connection:
        connection.execute("DELETE FROM _yoyo_migration WHERE migration_id = %s", (NAMES[-1],))
    with pytest.raises(UnfitDatabase, match="1 migrations are pending"):
        require_no_pending(empty_database)


def test_migrating_again_keeps_the_rows(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO task (workspace_id, id, title) VALUES ('default', uuidv7(), 'Kept')")
        assert migrate(database_url) == []
        assert connection.execute("SELECT title FROM task").fetchall() == [("Kept",)]


def test_concurrent_processes_apply_each_migration_once(empty_database: str) -> None:
    command = [sys.executable, "-c", MIGRATE, empty_database]
    processes = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    applied = [process.communicate(timeout=60)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * 6
    assert sorted(name for names in applied for name in names) == NAMES


def test_killed_process_releases_the_lock(empty_database: str) -> None:
    hold = (
        "import sys, psycopg; from db.migrations import LOCK\n"
        "connection = psycopg.connect(sys.argv[1], autocommit=True)\n"
        "connection.execute('SELECT pg_advisory_lock(%s)', (LOCK,)); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, empty_database], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.kill()
    assert migrate(empty_database) == NAMES


def test_user_without_a_name_and_slow_dns_are_no_obstacle(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_name(_: int) -> None:
        raise KeyError("getpwuid(): uid not found")

    def slow(*_: str) -> None:
        raise AssertionError("DNS is asked")

    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", no_name)
    monkeypatch.setattr(socket, "getfqdn", slow)
    assert migrate(empty_database) == NAMES


def test_migration_takes_one_connection(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("CREATE ROLE single LOGIN CONNECTION LIMIT 1")
        connection.execute("GRANT CREATE ON SCHEMA public TO single")
        try:
            assert migrate(empty_database.replace("user=postgres", "user=single")) == NAMES
        finally:
            connection.execute("DROP OWNED BY single CASCADE")
            connection.execute("DROP ROLE single")


def test_migration_may_take_longer_than_the_timeouts_of_the_database(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow.sql").write_text("SELECT pg_sleep(1.2)")
    monkeypatch.setattr(migrations, "FOLDER", tmp_path)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        for setting in ("statement_timeout", "transaction_timeout"):
            connection.execute(
                sql.SQL("ALTER DATABASE {} SET {} = '600ms'").format(sql.Identifier(EMPTY), sql.Identifier(setting))
            )
    assert migrate(empty_database) == ["slow"]


# The check of 0.1.0.
_WORKSPACE_ID = "^[a-z0-9][a-z0-9_-]{0,62}$"
_INSERT = "INSERT INTO task (workspace_id, id, title) VALUES (%s, uuidv7(), 'A title')"


@pytest.fixture
def released(empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the URL of a database with the migrations of 0.1.0 and a row."""
    for path in FOLDER.glob("*.sql"):
        if path.stem < "0006":
            (tmp_path / path.name).write_text(path.read_text())
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "FOLDER", tmp_path)
        migrate(empty_database)
    with psycopg.connect(empty_database) as connection:
        connection.execute(_INSERT, ("default",))
    return empty_database


def test_upgrade_rewrites_no_row_and_leaves_every_check_validated(released: str) -> None:
    with psycopg.connect(released, autocommit=True) as connection:
        file = connection.execute("SELECT pg_relation_filenode('task')").fetchone()
        assert migrate(released) == [name for name in NAMES if name >= "0006"]
        assert connection.execute("SELECT pg_relation_filenode('task')").fetchone() == file
        assert connection.execute("SELECT conname FROM pg_constraint WHERE NOT convalidated").fetchall() == []
        # The words of 0.1.0 stay until the service computes new ones.
        row = connection.execute("SELECT words::text, words_version FROM task").fetchone()
        assert row == ("'a':1 'title':2", None)


@settings(max_examples=examples(300), suppress_health_check=list(HealthCheck))
@given(st.text(st.sampled_from("az09_-A{é\n .@"), max_size=70))
@example("a" * 63)
@example("a" * 64)
@example("é" * 32)
@example("a\n")
@example("-a")
@example("_a")
def test_names_of_workspaces_are_those_of_0_1_0(database_url: str, name: str) -> None:
    with psycopg.connect(database_url) as connection:
        (accepted,) = connection.execute("SELECT %s ~ %s", (name, _WORKSPACE_ID)).fetchone() or ()
        try:
            connection.execute(_INSERT, (name,))
        except psycopg.errors.CheckViolation:
            assert not accepted
        else:
            assert accepted
        connection.rollback()


def test_processes_that_wait_for_the_lock_do_not_block_an_index_that_is_built_concurrently(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", (migrations.LOCK,))
        command = [sys.executable, "-c", MIGRATE, empty_database]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as waiting:
            while not holder.execute(
                "SELECT FROM pg_stat_activity WHERE query LIKE '%advisory_lock%' AND pid <> pg_backend_pid()"
            ).fetchall():
                pass
            holder.execute("CREATE TABLE other (number integer)")
            holder.execute("SET lock_timeout = '30s'")
            holder.execute("CREATE INDEX CONCURRENTLY ON other (number)")
            holder.execute("SELECT pg_advisory_unlock(%s)", (migrations.LOCK,))
            assert waiting.communicate(timeout=60)[0].split() == NAMES


def test_index_of_an_interrupted_migration_is_built_again(empty_database: str) -> None:
    migrate(empty_database)
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'task_deleted'::regclass"
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'task_deleted'::regclass")
        connection.execute("DELETE FROM _yoyo_migration WHERE migration_id = '0009-deleted'")
        assert migrate(empty_database) == ["0009-deleted"]
        assert connection.execute(valid).fetchall() == [(True,)]
