"""`python -m api advise`: advice on the cache, the operations and the memory."""

import sys
from datetime import UTC, datetime

from cyclopts import App

from api.commands.stores import check_workspace, run
from db.caller import DEFAULT_WORKSPACE
from db.pool import Database
from schema.insights.advice import advice_until
from schema.insights.advice import advise as advice_of
from schema.insights.gauges import read_gauges
from schema.types.insights_service import Advice

app = App(name="advise", help="Give advice from what was requested in the last 7 days.", result_action="return_value")
_TITLES = {
    "redis_size": "Memory of Redis",
    "ttl": "Lifetime of entries",
    "operations": "Expensive operations",
    "depth": "Page depths",
    "memory": "Growth of the index",
}


@app.default
def advise(*, workspace: str = DEFAULT_WORKSPACE, figures: bool = False) -> None:
    """Print advice on the size of Redis, the lifetime of entries, operations, depths and memory.

    Args:
        workspace: Id of the workspace whose requests are examined.
        figures: Print the figures from which each advice follows.
    """

    async def read(database: Database) -> list[Advice]:
        async with database.connection() as connection:
            await check_workspace(connection, workspace)
            now = datetime.now(UTC)
            return await advice_of(
                connection, workspace, now, await read_gauges(connection, workspace, advice_until(now))
            )

    for advice in run(read):
        sys.stdout.write(f"{_TITLES[str(advice.topic.value)]}: {advice.text}\n")
        for figure in advice.figures if figures else ():
            sys.stdout.write(f"  {figure.name}: {figure.value:,.4g}\n")
