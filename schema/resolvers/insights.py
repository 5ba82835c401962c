"""The resolver of usage analytics."""

from datetime import UTC, datetime
from typing import Annotated, cast

import strawberry

from db.usage import Resolution
from schema.context import Info
from schema.insights.period import period_of
from schema.insights.report import Question, report
from schema.resolvers.selected_fields import selected_fields
from schema.types.insights import Insights
from schema.types.insights_figures import InsightsRange, InsightsResolution

RangeArgument = Annotated[
    InsightsRange, strawberry.argument(description="The range of time: up to 1,500 points of the resolution.")
]
ResolutionArgument = Annotated[
    InsightsResolution, strawberry.argument(description="The time between two points of a series.")
]


@strawberry.type
class InsightsQuery:
    """The query of usage analytics, which `Query` inherits."""

    @strawberry.field(
        description="Returns what was requested in the caller's workspace, and how the cache served it. Always read "
        "from PostgreSQL. Cost: 250 points."
    )
    async def insights(self, info: Info, range: RangeArgument, resolution: ResolutionArgument) -> Insights:  # noqa: A002
        period = period_of(range.from_, range.to, cast("Resolution", resolution.value))
        session = info.context.session
        # The answer changes without `rev`.
        session.cache.forbid_caching()
        database = session.store.database
        # Over months, a report reads a million rows: it must not take the connections of pages and writes.
        async with session.permit(database.shares.searches), database.connection() as connection:
            fields = selected_fields(info)
            return await report(connection, Question(session.store.workspace, period, fields, datetime.now(UTC)))
