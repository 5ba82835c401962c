"""Records what clients have requested, as the service counts it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from db.pool import Database
from db.usage import Amounts, Cell, RequestedPage, add_usage, page_key


async def record_requested(
    database: Database, tasks: Mapping[UUID, int], *pages: RequestedPage, workspace: str = "default"
) -> None:
    """Add to how often each task and each page was requested in this hour."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    rows = {
        Cell(workspace, "hour", "task", hour, str(id_)): Amounts(requests=requests) for id_, requests in tasks.items()
    }
    for page in pages:
        key = page_key(page.status, page.order, page.first, page.position)
        rows[Cell(workspace, "hour", "page", hour, key)] = Amounts(requests=page.count)
    async with database.for_every_workspace().connection() as connection:
        await add_usage(connection, rows)
