"""The GraphQL types of usage analytics for memory, the gate and advice."""

from datetime import datetime
from enum import Enum

import strawberry

from schema.types.insights_figures import GaugeFigure


@strawberry.type(description="When the index no longer fits into Redis at the present growth.")
class MemoryForecast:
    bytes_per_day: float = strawberry.field(description="How fast the index grows: a straight line through the hours.")
    full_at: datetime | None = strawberry.field(
        description="When the index reaches `maxmemory`. Null if it does not within ten years."
    )
    hours: int = strawberry.field(description="The number of hours that were measured.")


@strawberry.type(
    description="The memory of the cache. What belongs to the whole service is null outside of the workspace `default`."
)
class MemoryInsights:
    index_bytes: GaugeFigure = strawberry.field(description="The index of the workspace in Redis.")
    tasks: GaugeFigure = strawberry.field(description="The tasks in the index.")
    cached_page_bytes: GaugeFigure | None = strawberry.field(description="The page caches of all workers together.")
    entries: GaugeFigure | None = strawberry.field(description="The tasks that are in Redis, of all workspaces.")
    entry_bytes: GaugeFigure | None = strawberry.field(
        description="What Redis uses beyond the indexes: mostly the entries of tasks."
    )
    redis_used_bytes: GaugeFigure | None = strawberry.field(description="The memory that Redis uses.")
    redis_max_bytes: GaugeFigure | None = strawberry.field(description="`maxmemory` of Redis.")
    forecast: MemoryForecast | None = strawberry.field(description="A forecast. Null without a day of hours.")


@strawberry.enum(description="The state of the gate, which says whether the index in Redis may be used.")
class GateState(Enum):
    ON = strawberry.enum_value("on", description="Readers and writers use the index.")
    BUILDING = strawberry.enum_value("building", description="The index is being built. PostgreSQL answers.")
    CLOSING = strawberry.enum_value("closing", description="The gate was closed. Writers wait for readers.")
    OFF = strawberry.enum_value("off", description="The index is not used. PostgreSQL answers.")


@strawberry.type(description="A change of the gate.")
class GateEvent:
    at: datetime = strawberry.field(description="When the gate changed.")
    state: GateState = strawberry.field(description="The new state.")
    epoch: float = strawberry.field(description="The epoch of the index.")


@strawberry.type(description="A rebuild of the index.")
class RebuildEvent:
    started_at: datetime = strawberry.field(description="When the rebuild began.")
    ended_at: datetime | None = strawberry.field(description="When the index was in use. Null: not in this range.")
    completed: bool = strawberry.field(description="Whether the rebuild was completed.")


@strawberry.enum(description="The topics of advice.")
class AdviceTopic(Enum):
    REDIS_SIZE = strawberry.enum_value("redis_size", description="The memory of Redis for a hit rate.")
    TTL = strawberry.enum_value("ttl", description="The effect of the lifetime of entries.")
    OPERATIONS = strawberry.enum_value("operations", description="The most expensive operations and who sends them.")
    DEPTH = strawberry.enum_value("depth", description="The depths of pages in use.")
    MEMORY = strawberry.enum_value("memory", description="When memory runs out.")


@strawberry.type(description="A number from which advice follows.")
class AdviceFigure:
    name: str = strawberry.field(description="The name, such as `hit rate` or `bytes per day`.")
    value: float = strawberry.field(description="The number.")


@strawberry.type(description="Advice to the operator on one topic, the same as from `python -m api advise`.")
class Advice:
    topic: AdviceTopic = strawberry.field(description="The topic.")
    text: str = strawberry.field(description="The advice, in English.")
    enough_data: bool = strawberry.field(description="Whether there was enough data. If not, `text` says what lacks.")
    figures: list[AdviceFigure] = strawberry.field(description="The numbers from which the advice follows.")
