"""The rows of workspaces."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, LiteralString

from msgspec import Struct
from psycopg.rows import scalar_row

from db.connection import Connection
from db.row_factories import record_row

WorkspaceState = Literal["active", "suspended", "deleting"]


class Workspace(Struct, frozen=True):
    """A workspace. `deleting`: its tasks are being removed, and its callers are refused."""

    id: str
    name: str
    state: WorkspaceState
    created_at: datetime


_COLUMNS: LiteralString = "id, name, state::text, created_at"
_workspace_row = record_row(Workspace)

CREATE_WORKSPACE: LiteralString = f"""
    INSERT INTO workspace (id, name) VALUES (%(workspace)s, %(name)s) ON CONFLICT DO NOTHING RETURNING {_COLUMNS}
"""


async def create_workspace(connection: Connection, workspace: str, name: str) -> Workspace | None:
    """Create a workspace. Return None if the id is or was in use."""
    rows = await connection.query(CREATE_WORKSPACE, {"workspace": workspace, "name": name}, _workspace_row)
    return next(iter(rows), None)


# Of a workspace whose tasks have been removed, only the id is left, so that it is not used again.
READ_WORKSPACE: LiteralString = (
    f"SELECT {_COLUMNS} FROM workspace WHERE id = %(workspace)s AND deleted_at IS NULL FOR UPDATE"
)


async def lock_workspace(connection: Connection, workspace: str) -> Workspace | None:
    """Return a workspace, and lock its row until the transaction ends. None for an unknown id."""
    return next(iter(await connection.query(READ_WORKSPACE, {"workspace": workspace}, _workspace_row)), None)


WORKSPACES_PAGE: LiteralString = f"""
    SELECT {_COLUMNS} FROM workspace
    WHERE id > %(after)s AND (%(only)s::text IS NULL OR id = %(only)s) AND deleted_at IS NULL
    ORDER BY id LIMIT %(count)s
"""


async def workspaces_page(
    connection: Connection, *, after: str = "", count: int, only: str | None = None
) -> list[Workspace]:
    """Return up to `count` workspaces behind an id, in the order of their ids. `only`: none but this one."""
    params = {"after": after, "only": only, "count": count}
    return await connection.query(WORKSPACES_PAGE, params, _workspace_row)


RENAME_WORKSPACE: LiteralString = f"""
    UPDATE workspace SET name = %(name)s WHERE id = %(workspace)s AND deleted_at IS NULL RETURNING {_COLUMNS}
"""


async def rename_workspace(connection: Connection, workspace: str, name: str) -> Workspace | None:
    """Rename a workspace. Return None for an unknown id."""
    rows = await connection.query(RENAME_WORKSPACE, {"workspace": workspace, "name": name}, _workspace_row)
    return next(iter(rows), None)


SET_STATE: LiteralString = f"""
    UPDATE workspace SET state = %(state)s::workspace_state, changed_at = statement_timestamp()
    WHERE id = %(workspace)s AND state <> 'deleting' AND state <> %(state)s::workspace_state
    RETURNING {_COLUMNS}
"""


async def set_state(connection: Connection, workspace: str, state: WorkspaceState) -> bool:
    """Change the state of a workspace that is not being deleted. Return whether it had another state."""
    return bool(await connection.query(SET_STATE, {"workspace": workspace, "state": state}, _workspace_row))


FIND_STATES: LiteralString = """
    SELECT id, CASE WHEN deleted_at IS NULL THEN state::text END AS state
    FROM workspace WHERE id = ANY(%(workspaces)s::text[])
"""


class FoundState(Struct, frozen=True):
    """The state of a workspace by id. None if it was deleted."""

    id: str
    state: WorkspaceState | None


_state_row = record_row(FoundState)


async def find_states(connection: Connection, workspaces: Sequence[str]) -> list[FoundState]:
    """Return the states of those workspaces that exist."""
    return await connection.query(FIND_STATES, {"workspaces": list(workspaces)}, _state_row)


CHANGED_STATES: LiteralString = """
    SELECT id, CASE WHEN deleted_at IS NULL THEN state::text END AS state
    FROM workspace WHERE changed_at > %(since)s
"""


async def changed_states(connection: Connection, since: datetime) -> list[FoundState]:
    """Return the states of all workspaces that have changed since."""
    return await connection.query(CHANGED_STATES, {"since": since}, _state_row)


NOW: LiteralString = "SELECT statement_timestamp()"


async def database_time(connection: Connection) -> datetime:
    """Return the time by the clock of the database."""
    [now] = await connection.query(NOW, {}, scalar_row)
    assert isinstance(now, datetime)
    return now
