"""Tests the commands that administer workspaces and tokens."""

import re
import stat
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from api.commands.durations import parse_duration
from api.commands.errors import CommandFailed
from db.token_text import has_token_form, token_hash
from tests.integration.api.commands.conftest import Command, table


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
        (("token", "revoke", "CI"), '"CI" is not the id of a token.*token list'),
        (("token", "list", "--workspace", "nowhere"), "no workspace nowhere.*workspace list"),
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
