"""`python -m api workspace`: create, list, rename, suspend, resume and delete workspaces."""

import asyncio
import sys
from typing import TYPE_CHECKING

from cyclopts import App

from api.commands.errors import CommandFailed
from api.commands.stores import command_line, run, with_store
from api.commands.tables import print_table, time_cell
from api.process.console import print_message
from db.pool import Database
from db.workspaces import Workspace, workspaces_page
from schema import administration

if TYPE_CHECKING:
    from cache.store import Store

app = App(name="workspace", help="Administer workspaces.", result_action="return_value")
_PAGE = 1000


@app.command
def create(id_: str, /, *, name: str | None = None) -> None:
    """Create a workspace.

    Args:
        id_: 1 to 63 characters from a-z, 0-9, _ and -. It cannot be changed.
        name: The name, for people. Default: the id.
    """
    created = run(lambda database: administration.create_workspace(database, command_line(), id_, name))
    print_message(f"Created the workspace {created.id}.")


@app.command(name="list")
def list_() -> None:
    """List the workspaces, in the order of their ids."""
    rows = [(each.id, each.state, time_cell(each.created_at), each.name) for each in run(_all)]
    print_table(("Id", "State", "Created", "Name"), rows)


@app.command
def rename(id_: str, name: str, /) -> None:
    """Rename a workspace.

    Args:
        id_: The id of the workspace.
        name: Its new name.
    """
    run(lambda database: administration.rename_workspace(database, command_line(), id_, name))
    print_message(f"Renamed the workspace {id_}.")


@app.command
def suspend(id_: str, /) -> None:
    """Refuse all requests of a workspace, within 5 seconds.

    Args:
        id_: The id of the workspace.
    """
    run(lambda database: administration.suspend_workspace(database, command_line(), id_))
    print_message(f"Suspended the workspace {id_}. To answer its requests again: python -m api workspace resume {id_}")


@app.command
def resume(id_: str, /) -> None:
    """Answer the requests of a suspended workspace again.

    Args:
        id_: The id of the workspace.
    """
    run(lambda database: administration.resume_workspace(database, command_line(), id_))
    print_message(f"Resumed the workspace {id_}.")


@app.command
def delete(id_: str, /, *, yes: bool = False) -> None:
    """Delete a workspace and all its tasks for good, after a confirmation.

    Args:
        id_: The id of the workspace.
        yes: Delete without a confirmation.
    """
    confirmed = id_ if yes else _confirmation(id_)
    if confirmed != id_:
        raise CommandFailed(f"nothing was deleted. To delete without the question: workspace delete {id_} --yes")
    run(lambda database: administration.delete_workspace(database, command_line(), id_, confirmed))
    try:
        removed = asyncio.run(with_store(lambda store: _remove(store, id_)))
    except KeyboardInterrupt:
        print_message("\nInterrupted. The running service continues the deletion, and so does the same command.")
        raise
    print_message(f"Deleted the workspace {id_}: removed {removed:,} tasks.")


async def _remove(store: "Store", id_: str) -> int:
    from cache.maintenance.removal import remove_workspace

    shown = 0

    def progress(removed: int) -> None:
        nonlocal shown
        if removed >= shown + _PROGRESS_ROWS:
            shown = removed
            print_message(f"Removed {removed:,} tasks.")

    return await remove_workspace(store.database.for_every_workspace(), store.redis, id_, progress)


_PROGRESS_ROWS = 50_000


def _confirmation(id_: str) -> str:
    if not sys.stdin.isatty():
        return ""
    return input(f"Delete the workspace {id_} and all its tasks for good? Type its id to confirm: ").strip()


async def _all(database: Database) -> list[Workspace]:
    found: list[Workspace] = []
    page = None
    async with database.connection() as connection:
        while page is None or len(page) == _PAGE:
            page = await workspaces_page(connection, after=found[-1].id if found else "", count=_PAGE)
            found += page
    return found
