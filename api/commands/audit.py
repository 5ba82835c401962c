"""`python -m api audit`: read the audit log."""

from cyclopts import App

from api.commands.errors import CommandFailed
from api.commands.stores import run
from api.commands.tables import print_table, time_cell
from db.audit_log import AuditEntry, audit_page
from db.pool import Database

app = App(name="audit", help="Read the audit log.", result_action="return_value")
MAX_COUNT = 10_000


@app.command(name="list")
def list_(*, workspace: str | None = None, count: int = 100) -> None:
    """List the administrative actions, newest first.

    Args:
        workspace: Only the actions in this workspace. Default: all.
        count: How many, 1 to 10,000.
    """
    if not 1 <= count <= MAX_COUNT:
        raise CommandFailed(f"--count must be from 1 to {MAX_COUNT:,}, not {count}.")

    async def read(database: Database) -> list[AuditEntry]:
        async with database.connection() as connection:
            return await audit_page(connection, workspace, count=count)

    print_table(
        ("Time", "Workspace", "Actor", "Action", "Target", "Address", "Request", "Details"),
        [
            (
                time_cell(each.at),
                each.workspace,
                each.actor,
                each.action,
                each.target,
                each.address or "-",
                each.request_id or "-",
                each.details,
            )
            for each in run(read)
        ],
    )
