"""The GraphQL types of usage analytics: the answer of `insights`."""

from datetime import datetime
from enum import Enum

import strawberry

from schema.types.insights_figures import (
    CountFigure,
    InsightsResolution,
    Latency,
    NamedCount,
    NamedGauge,
    RateFigure,
    RequestTotal,
)
from schema.types.insights_service import Advice, GateEvent, MemoryInsights, RebuildEvent
from schema.types.task import TaskOrder, TaskStatus


@strawberry.enum(description="Why Redis did not have a task that was requested.")
class MissCause(Enum):
    NEVER_CACHED = strawberry.enum_value(
        "never_cached", description="The worker does not remember that the task was in Redis."
    )
    EXPIRED = strawberry.enum_value("expired", description="Its entry had reached its lifetime of an hour. Inferred.")
    EVICTED = strawberry.enum_value("evicted", description="Redis had evicted its entry for another one. Inferred.")
    CHANGED = strawberry.enum_value("changed", description="A write of the task was under way.")
    DEGRADED = strawberry.enum_value(
        "degraded", description="PostgreSQL answered in place of Redis. `misses` does not contain these tasks."
    )


@strawberry.enum(description="Why the page cache did not have a response.")
class PageMissCause(Enum):
    NOT_CACHED = strawberry.enum_value(
        "not_cached", description="The worker had not cached it, or had evicted it for another one."
    )
    INVALIDATED = strawberry.enum_value("invalidated", description="A write had changed the index since.")
    EXPIRED = strawberry.enum_value("expired", description="A task of the page or of its view had expired.")
    REBUILT = strawberry.enum_value("rebuilt", description="The index had been built again since.")
    DEGRADED = strawberry.enum_value(
        "degraded", description="Redis could not be asked. `pageMisses` contains only a part of these."
    )


@strawberry.type(description="Misses by their cause.")
class MissesByCause:
    cause: MissCause = strawberry.field(description="The cause.")
    count: CountFigure = strawberry.field(description="The number of tasks.")


@strawberry.type(description="Responses that the page cache did not have, by cause.")
class PageMissesByCause:
    cause: PageMissCause = strawberry.field(description="The cause.")
    count: CountFigure = strawberry.field(description="The number of responses.")


@strawberry.type(description="How well Redis and the page cache answer.")
class CacheInsights:
    hit_rate: RateFigure = strawberry.field(description="`hits` ÷ (`hits` + `misses`).")
    hits: CountFigure = strawberry.field(description="Tasks found in Redis.")
    misses: CountFigure = strawberry.field(description="Tasks read from PostgreSQL because Redis did not have them.")
    misses_by_cause: list[MissesByCause] = strawberry.field(description="The misses, by cause: every cause.")
    page_hit_rate: RateFigure = strawberry.field(description="`pageHits` ÷ (`pageHits` + `pageMisses`).")
    page_hits: CountFigure = strawberry.field(description="Responses that the page cache answered.")
    page_misses: CountFigure = strawberry.field(
        description="Queries that were looked up in the page cache and had to be executed."
    )
    page_misses_by_cause: list[PageMissesByCause] = strawberry.field(
        description="The queries that were executed, by cause: every cause."
    )
    degraded_reads: CountFigure = strawberry.field(description="Reads that PostgreSQL answered in place of Redis.")
    sql_queries_saved: CountFigure = strawberry.field(
        description="Reads of pages, counts and tasks that needed no SQL query. Without Redis, each needs at least one."
    )


@strawberry.type(description="A client that sends an operation.")
class OperationClient:
    actor: str = strawberry.field(description="The client, as in `Viewer.actor`.")
    requests: RequestTotal = strawberry.field(description="Its requests.")
    points: float = strawberry.field(description="What they cost.")


@strawberry.type(description="The requests of one operation.")
class OperationInsights:
    name: str = strawberry.field(
        description="The name of the operation, `(unnamed)`, or `(other)` for operations beyond the first ones."
    )
    hash: str | None = strawberry.field(description="The SHA-256 of its document. Null if unknown.")
    requests: RequestTotal = strawberry.field(description="The requests.")
    points: float = strawberry.field(description="What the requests cost.")
    previous_points: float = strawberry.field(description="What the requests of the previous period cost.")
    errors: float = strawberry.field(description="The requests whose outcome was an error.")
    latency: Latency = strawberry.field(description="The durations of the requests.")
    previous_latency: Latency = strawberry.field(description="The durations in the previous period.")
    clients: list[OperationClient] = strawberry.field(description="Up to 5 clients, those with the most points first.")


@strawberry.type(description="The requests for one task.")
class TaskInsights:
    id: strawberry.ID = strawberry.field(description="The id of the task. Its title is not stored.")
    requests: RequestTotal = strawberry.field(description="The requests.")


@strawberry.type(description="The requests for pages of one view.")
class ViewInsights:
    status: TaskStatus | None = strawberry.field(description="The status. Null for all tasks.")
    order: TaskOrder = strawberry.field(description="The order.")
    requests: RequestTotal = strawberry.field(description="The requests.")


@strawberry.type(description="The requests for pages whose first position is in a range. Positions count from 0.")
class DepthInsights:
    from_position: float = strawberry.field(description="The first position of the range.")
    to_position: float | None = strawberry.field(description="The end of the range, exclusive. Null: no end.")
    requests: RequestTotal = strawberry.field(description="The requests.")


@strawberry.type(description="The requests for one page.")
class PageInsights:
    status: TaskStatus | None = strawberry.field(description="The status of the view. Null for all tasks.")
    order: TaskOrder = strawberry.field(description="The order of the view.")
    first: int = strawberry.field(description="How many tasks were requested.")
    position: float = strawberry.field(description="The position of the first task, from 0.")
    requests: RequestTotal = strawberry.field(description="The requests.")


@strawberry.type(description="The requests of one client.")
class ClientInsights:
    actor: str = strawberry.field(description="The client, as in `Viewer.actor`.")
    requests: RequestTotal = strawberry.field(description="The requests.")
    points: float = strawberry.field(description="What the requests cost.")
    previous_points: float = strawberry.field(description="What the requests of the previous period cost.")


@strawberry.type(description="The requests of one search.")
class SearchInsights:
    text: str = strawberry.field(
        description="`words` or `filter`, the kind of search; in `terms` the text, in small letters."
    )
    requests: RequestTotal = strawberry.field(description="The requests.")


@strawberry.type(
    description="What was requested in a workspace, and how the cache served it. Workers store what they have counted "
    "every ten seconds."
)
class Insights:
    from_: datetime = strawberry.field(name="from", description="The start of the period, inclusive.")
    to: datetime = strawberry.field(description="The end of the period, exclusive.")
    previous_from: datetime = strawberry.field(
        description="The start of the previous period. It has the same length and ends at `from`."
    )
    resolution: InsightsResolution = strawberry.field(description="The time between two points.")
    times: list[datetime] = strawberry.field(description="The start of each point.")
    cache: CacheInsights = strawberry.field(description="How well the cache answers.")
    requests: CountFigure = strawberry.field(description="Requests to `/graphql` of all operations.")
    points: CountFigure = strawberry.field(description="What they cost.")
    errors: CountFigure = strawberry.field(description="Those whose outcome was an error.")
    latency: Latency = strawberry.field(description="Their durations.")
    previous_latency: Latency = strawberry.field(description="The durations in the previous period.")
    operations: list[OperationInsights] = strawberry.field(description="Up to 50 operations, the most points first.")
    tasks: list[TaskInsights] = strawberry.field(
        description="Up to 100 tasks, the most requests first. Stored by hour, and for ranges over two days by day, so "
        "the range is extended to whole ones. The same holds for `pages` and `terms`."
    )
    views: list[ViewInsights] = strawberry.field(description="The views, the most requests first.")
    depths: list[DepthInsights] = strawberry.field(description="The depths of pages: every range, the first one first.")
    pages: list[PageInsights] = strawberry.field(description="Up to 50 pages, the most requests first.")
    clients: list[ClientInsights] = strawberry.field(description="Up to 50 clients, the most points first.")
    searches: list[SearchInsights] = strawberry.field(description="The searches by kind.")
    terms: list[SearchInsights] = strawberry.field(
        description="Up to 50 searches, the most requests first. Empty unless the service is configured to store them."
    )
    memory: MemoryInsights = strawberry.field(description="The memory of the cache.")
    gate: list[GateEvent] = strawberry.field(description="The last 1,000 changes of the gate, oldest first.")
    rebuilds: list[RebuildEvent] = strawberry.field(description="The rebuilds of the index, oldest first.")
    service: list[NamedCount] = strawberry.field(
        description="The counters of the service, of all workspaces. Empty outside of the workspace `default`."
    )
    gauges: list[NamedGauge] = strawberry.field(
        description="The gauges that are stored, of all workspaces. Empty outside of the workspace `default`."
    )
    advice: list[Advice] = strawberry.field(description="Advice from the last 7 days, one for each topic.")
