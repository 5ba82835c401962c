"""Tests the commands that administer workspaces and tokens, and what a deletion removes."""

import asyncio
import re
import stat
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
import redis as redis_client

from api.__main__ import app
from api.commands import workspace as workspace_commands
from api.commands.durations import parse_duration
from api.commands.errors import CommandFailed
from cache.maintenance import removal
from cache.maintenance.cleanup import clean_up
from cache.maintenance.rebuild import rebuild
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.store import Store
from db import workspace_removal
from db.gate import begin_building
from db.pool import Database
from db.token_text import has_token_form, token_hash
from tests.support.store_client import StoreClient
from tests.support.task_factories import new_task

Command = Callable[..., tuple[str, str]]


@pytest.fixture
def admin(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def command(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Return a function that runs a command and returns its stdout and stderr."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("USER", "ada")
    monkeypatch.setenv("LOGNAME", "ada")

    def run(*arguments: str) -> tuple[str, str]:
        app(list(arguments))
        captured = capsys.readouterr()
        return captured.out, captured.err

    return run


def table(out: str) -> list[list[str]]:
    """Return the cells of a printed table, without its head."""
    return [re.split(r"\s{2,}", line) for line in out.splitlines()[1:]]


def test_token_is_shown_once_and_revoked(command: Command, admin: psycopg.Connection) -> None:
    command("workspace", "create", "acme", "--name", "Acme Inc")
    out, err = command(
        "token", "create", "--workspace", "acme", "--name", "CI", "--scope", "tasks:read", "--scope", "tasks:write",
        "--expires-in", "90d",
    )  # fmt: skip
    token = out.strip()
    assert has_token_form(token)
    assert token not in err
    id_, *_ = re.findall(r"token (\S+) of", err)
    row = admin.execute("SELECT id::text, hash, expires_at - created_at, scopes, created_by FROM api_token").fetchone()
    assert row is not None
    assert (row[0], row[1], row[3], row[4]) == (id_, token_hash(token), ["tasks:read", "tasks:write"], "cli:ada")
    assert timedelta(days=89, hours=23) < row[2] < timedelta(days=90, hours=1)
    out, _ = command("token", "list")
    assert token not in out
    [[listed, workspace, state, scopes, _, _, last_used, name]] = table(out)
    assert (listed, workspace, state, name, last_used) == (id_, "acme", "valid", "CI", "-")
    assert scopes == "tasks:read,tasks:write"
    assert 'Revoked the token "CI"' in command("token", "revoke", id_)[1]
    assert table(command("token", "list", "--workspace", "acme")[0])[0][2] == "revoked"
    assert table(command("token", "list", "--workspace", "default")[0]) == []
    audit = table(command("audit", "list")[0])
    assert [(row[1], row[2], row[3]) for row in audit] == [
        ("acme", "cli:ada", "token.revoke"),
        ("acme", "cli:ada", "token.create"),
        ("acme", "cli:ada", "workspace.create"),
    ]
    assert len(table(command("audit", "list", "--count", "1")[0])) == 1
    assert table(command("audit", "list", "--workspace", "default")[0]) == []


def test_wrong_commands_change_nothing(command: Command, admin: psycopg.Connection) -> None:
    for arguments, message in (
        (("workspace", "create", "Acme"), "id must have 1 to 63 characters"),
        (("workspace", "create", "default"), "There is or was a workspace default"),
        (("workspace", "suspend", "default"), "is the operator's"),
        (("workspace", "delete", "default", "--yes"), "is the operator's"),
        (("workspace", "delete", "default"), "nothing was deleted"),
        (("workspace", "resume", "nowhere"), "no workspace with this id"),
        (("token", "create", "--name", "a", "--scope", "admin", "--workspace", "nowhere"), "no workspace"),
        (("token", "create", "--name", "a", "--scope", "admin", "--expires-in", "1y"), "a duration is a number"),
        (("token", "revoke", "019ab2c4-7d1e-7c3a-9f00-3b1f0c2d4e5f"), "no token with this id"),
        (("audit", "list", "--count", "0"), "--count must be from 1"),
    ):
        with pytest.raises(CommandFailed, match=message):
            command(*arguments)
    assert admin.execute("SELECT (SELECT count(*) FROM audit_log), (SELECT count(*) FROM workspace)").fetchone() == (
        0, 1,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["verify", "reindex"])
def test_maintenance_refuses_an_unknown_workspace(command: Command, admin: psycopg.Connection, name: str) -> None:
    with pytest.raises(CommandFailed, match=r"There is no workspace nope.*workspace list"):
        command(name, "--workspace", "nope")
    assert admin.execute("SELECT count(*) FROM gate WHERE workspace_id = 'nope'").fetchone() == (0,)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90d", 90 * 86400), ("12h", 43200), ("30m", 1800), ("5s", 5), ("2w", 14 * 86400)]
)
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "0d", "1.5d", "1y", "36501d", "١d"])
def test_wrong_durations(text: str) -> None:
    with pytest.raises(CommandFailed):
        parse_duration(text)


def test_bootstrap_creates_one_token_in_a_file_of_its_owner(
    command: Command, admin: psycopg.Connection, tmp_path: Path
) -> None:
    file = tmp_path / "admin_token"
    out, err = command("token", "bootstrap", "--file", str(file))
    token = file.read_text().strip()
    assert has_token_form(token)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert str(file) in err
    assert token not in out + err
    assert admin.execute("SELECT workspace_id, hash, scopes FROM api_token").fetchall() == [
        ("default", token_hash(token), ["tasks:read", "tasks:write", "admin"])
    ]
    _, err = command("token", "bootstrap", "--file", str(file))
    assert str(file) in err
    assert token not in err
    assert file.read_text().strip() == token
    assert admin.execute("SELECT count(*) FROM api_token").fetchone() == (1,)
    assert [path.name for path in tmp_path.iterdir()] == ["admin_token"]
    # The operator may delete the file, but a database without a valid token gets another one.
    file.unlink()
    command("token", "bootstrap", "--file", str(file))
    assert not file.exists()
    admin.execute("UPDATE api_token SET revoked_at = statement_timestamp()")
    with pytest.raises(CommandFailed, match="cannot write"):
        command("token", "bootstrap", "--file", str(tmp_path / "no" / "folder"))
    command("token", "bootstrap", "--file", str(file))
    assert has_token_form(file.read_text().strip())
    assert file.read_text().strip() != token
    assert admin.execute("SELECT count(*) FROM api_token WHERE revoked_at IS NULL").fetchone() == (1,)


def fill(database_url: str, redis_url: str, workspace: str, count: int = 30) -> None:
    """Create tasks in a workspace, with an index and entries in Redis."""

    async def create() -> None:
        async with Database(database_url) as database, Redis(redis_url) as redis:
            store = Store(database, redis, StoreMetrics(), workspace)
            await StoreClient(store).create_tasks([new_task() for _ in range(count)])
            await rebuild(store)

    asyncio.run(create())


def rows(admin: psycopg.Connection, workspace: str) -> dict[str, int]:
    """Return the number of rows of a workspace in each table that has a column for it."""
    found = admin.execute(
        "SELECT table_name FROM information_schema.columns "
        "WHERE column_name = 'workspace_id' AND table_schema = 'public'"
    ).fetchall()
    counts = {}
    for (name,) in found:
        query = psycopg.sql.SQL("SELECT count(*) FROM {} WHERE workspace_id = %s").format(psycopg.sql.Identifier(name))
        counts[name] = (admin.execute(query, [workspace]).fetchone() or (0,))[0]
    return counts


def test_deletion_removes_everything_of_one_workspace_only(
    command: Command,
    admin: psycopg.Connection,
    database_url: str,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(removal, "REMOVAL_BATCH_ROWS", 7)
    monkeypatch.setattr(workspace_commands, "_PROGRESS_ROWS", 10)
    for workspace in ("acme", "acme-2"):
        command("workspace", "create", workspace)
        command("token", "create", "--workspace", workspace, "--name", "a", "--scope", "admin")
        fill(database_url, redis_url, workspace)
    with redis_client.Redis.from_url(redis_url) as client:
        client.set("{acme}:7:index", "an old epoch")
        kept = {key for key in client.scan_iter() if key.startswith(b"{acme-2}:")}
        assert kept
        before = rows(admin, "acme-2")
        _, err = command("workspace", "delete", "acme", "--yes")
        assert "Removed 14 tasks." in err
        assert "Deleted the workspace acme: removed 30 tasks." in err
        left = rows(admin, "acme")
        assert {name: count for name, count in left.items() if count} == {"audit_log": 3}
        assert rows(admin, "acme-2") == before
        assert set(client.scan_iter()) == kept
    assert [row[0] for row in table(command("workspace", "list")[0])] == ["acme-2", "default"]
    with pytest.raises(CommandFailed, match="is or was"):
        command("workspace", "create", "acme")
    for again in ("delete", "rename"):
        with pytest.raises(CommandFailed, match="no workspace"):
            command("workspace", again, "acme", "--yes" if again == "delete" else "x")


def test_interrupted_deletion_is_continued_by_the_service(
    command: Command, admin: psycopg.Connection, database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "REMOVAL_BATCH_ROWS", 7)
    command("workspace", "create", "acme")
    fill(database_url, redis_url, "acme")
    fill(database_url, redis_url, "default")

    async def interrupted(*arguments: object) -> int:
        async with Database(database_url) as database, Redis(redis_url) as redis:
            await removal.remove_batch(database, redis, "acme")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(removal, "remove_workspace", interrupted)
        with pytest.raises((KeyboardInterrupt, SystemExit)):
            command("workspace", "delete", "acme", "--yes")
    assert rows(admin, "acme")["task"] == 23

    async def continue_it() -> None:
        async with Database(database_url) as database, Redis(redis_url) as redis:
            async with database.transaction() as connection:
                # No process can build an index of it again.
                assert await begin_building(connection, "acme") is None
            await clean_up(database, redis, timedelta(days=1))

    asyncio.run(continue_it())
    assert rows(admin, "acme")["task"] == 0
    assert rows(admin, "default")["task"] == 30
    deleted = "SELECT deleted_at IS NOT NULL FROM workspace WHERE id = 'acme'"
    assert admin.execute(deleted).fetchone() == (True,)
    # A write that was on its way adds a row after the end.
    admin.execute("INSERT INTO task (workspace_id, id, title) VALUES ('acme', uuidv7(), 'Late')")
    asyncio.run(continue_it())
    assert rows(admin, "acme")["task"] == 0
    with pytest.raises(CommandFailed, match="no workspace"):
        command("workspace", "resume", "acme")


def test_no_batch_removes_tasks_of_a_workspace_that_is_not_being_deleted(
    admin: psycopg.Connection, database_url: str, redis_url: str
) -> None:
    fill(database_url, redis_url, "default", 3)

    async def remove() -> None:
        async with Database(database_url) as database, database.connection() as connection:
            assert await workspace_removal.remove_tasks(connection, "default", 10) == 0
            await workspace_removal.remove_gate(connection, "default")
            await workspace_removal.finish_removal(connection, "default")

    asyncio.run(remove())
    assert rows(admin, "default") == {"task": 3, "gate": 1, "api_token": 0, "audit_log": 0}


def test_old_entries_of_the_audit_log_are_purged(
    command: Command, admin: psycopg.Connection, database_url: str, redis_url: str
) -> None:
    for workspace in ("old", "new"):
        command("workspace", "create", workspace)
    admin.execute("UPDATE audit_log SET at = at - interval '366 days' WHERE workspace_id = 'old'")

    async def purge() -> None:
        async with Database(database_url) as database, Redis(redis_url) as redis:
            await clean_up(database, redis, timedelta(days=365))

    asyncio.run(purge())
    assert [row[1] for row in table(command("audit", "list")[0])] == ["new"]
