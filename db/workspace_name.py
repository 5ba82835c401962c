"""The name of a workspace."""

from typing import LiteralString

from psycopg.rows import scalar_row

from db.connection import Connection

READ_WORKSPACE_NAME: LiteralString = "SELECT name FROM workspace WHERE id = %(workspace)s"


async def read_workspace_name(connection: Connection, workspace: str) -> str | None:
    """Return the name of a workspace for people. None for an unknown id."""
    rows: list[str] = await connection.query(READ_WORKSPACE_NAME, {"workspace": workspace}, scalar_row)
    return next(iter(rows), None)
