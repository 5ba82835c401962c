"""The names of workspaces."""

from collections.abc import Sequence
from typing import LiteralString

from psycopg.rows import scalar_row, tuple_row

from db.connection import Connection

READ_WORKSPACE_NAME: LiteralString = "SELECT name FROM workspace WHERE id = %(workspace)s"


async def read_workspace_name(connection: Connection, workspace: str) -> str | None:
    """Return the name of a workspace for people. None for an unknown id."""
    rows: list[str] = await connection.query(READ_WORKSPACE_NAME, {"workspace": workspace}, scalar_row)
    return next(iter(rows), None)


READ_WORKSPACE_NAMES: LiteralString = """
    SELECT id, name FROM workspace WHERE id = ANY(%(workspaces)s::text[]) AND state = 'active' ORDER BY name, id
"""


async def read_workspace_names(connection: Connection, workspaces: Sequence[str]) -> dict[str, str]:
    """Return the names of those of the workspaces that exist and are active, by id."""
    return dict(await connection.query(READ_WORKSPACE_NAMES, {"workspaces": list(workspaces)}, tuple_row))
