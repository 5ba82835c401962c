"""`python -m api token`: create, list and revoke API tokens."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from cyclopts import App

from api.commands.durations import parse_duration
from api.commands.errors import CommandFailed
from api.commands.stores import command_line, run
from api.commands.tables import print_table, time_cell
from api.process.console import print_message
from db.api_tokens import ApiToken, has_administrator, tokens_page
from db.caller import DEFAULT_WORKSPACE, SCOPES, Scope
from db.pool import Database
from db.workspaces import find_states
from schema import administration

app = App(name="token", help="Administer API tokens.", result_action="return_value")
_PAGE = 1000


@app.command
def create(
    *,
    name: str,
    scope: list[Scope],
    workspace: str = DEFAULT_WORKSPACE,
    expires_in: str | None = None,
    points_per_minute: int | None = None,
) -> None:
    """Create a token and print it, once, on stdout.

    Args:
        name: The name, for people.
        scope: What the token may do: tasks:read, tasks:write or admin. Repeat the option for several.
        workspace: The workspace of the token. Default: default.
        expires_in: When the token expires, such as 90d, 12h or 30m. Default: never.
        points_per_minute: The rate limit of the token. Default: that of the service.
    """
    expires_at = None if expires_in is None else datetime.now(UTC) + parse_duration(expires_in)
    token, created = run(
        lambda database: administration.create_api_token(
            database,
            command_line(),
            workspace,
            name,
            scope,
            expires_at=expires_at,
            points_per_minute=points_per_minute,
        )
    )
    print_message(f"Created the token {created.id} of the workspace {workspace}. It is shown only now:")
    sys.stdout.write(token + "\n")


@app.command(name="list")
def list_(*, workspace: str | None = None) -> None:
    """List the tokens, newest first, without the tokens themselves.

    Args:
        workspace: Only the tokens of this workspace. Default: all.
    """
    found = run(lambda database: _all(database, workspace))
    if workspace is not None and not found and not run(lambda database: _exists(database, workspace)):
        raise CommandFailed(f"there is no workspace {workspace}. `python -m api workspace list` lists them.")
    head = ("Id", "Workspace", "State", "Scopes", "Created", "Expires", "Last used", "Name")
    print_table(
        head,
        [
            (
                str(each.id),
                each.workspace,
                _state(each),
                ",".join(each.scopes),
                *map(time_cell, (each.created_at, each.expires_at, each.last_used_at)),
                each.name,
            )
            for each in found
        ],
    )


@app.command
def revoke(id_: str, /) -> None:
    """Revoke a token. Every process refuses it within 5 seconds.

    Args:
        id_: The id of the token, as `list` shows it.
    """
    try:
        token_id = UUID(id_)
    except ValueError:
        raise CommandFailed(f'"{id_}" is not the id of a token. `python -m api token list` shows the ids.') from None
    revoked = run(lambda database: administration.revoke_api_token(database, command_line(), None, token_id))
    print_message(f'Revoked the token "{revoked.name}" of the workspace {revoked.workspace}.')


@app.command
def bootstrap(*, file: Path) -> None:
    """Create an operator's token in a file, unless there is a valid one already.

    Args:
        file: The file, which only its owner can read. Its folder must exist.
    """
    if run(_has_operator):
        print_message(f"There is an operator's token already. The first start wrote it to {file}.")
        return
    name = "operator (first start)"
    token, created = run(
        lambda database: administration.create_api_token(database, command_line(), DEFAULT_WORKSPACE, name, SCOPES)
    )
    try:
        _write(file, token)
    except CommandFailed:
        run(lambda database: administration.revoke_api_token(database, command_line(), None, created.id))
        raise
    print_message(f"Created an operator's token. Read it in {file}.")


async def _has_operator(database: Database) -> bool:
    async with database.connection() as connection:
        return await has_administrator(connection, DEFAULT_WORKSPACE)


async def _exists(database: Database, workspace: str) -> bool:
    async with database.connection() as connection:
        return bool(await find_states(connection, [workspace]))


def _write(file: Path, token: str) -> None:
    """Write a file that only its owner can read, from its first moment, and whole or not at all."""
    temporary = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(token + "\n")
        temporary.replace(file)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise CommandFailed(f"cannot write {file}: {error}") from error


def _state(token: ApiToken) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at is not None and token.expires_at <= datetime.now(UTC) else "valid"


async def _all(database: Database, workspace: str | None) -> list[ApiToken]:
    found: list[ApiToken] = []
    page = None
    async with database.connection() as connection:
        while page is None or len(page) == _PAGE:
            page = await tokens_page(connection, workspace, before=found[-1].id if found else None, count=_PAGE)
            found += page
    return found
