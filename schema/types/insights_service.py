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


@strawberry.enum(description="What a finding of advice says, with the names of its values.")
class AdviceCode(Enum):
    NOT_ENOUGH_DATA = strawberry.enum_value(
        "not_enough_data",
        description="The advice needs `needed` items, and there are `found`, which can be absent. `unit` says of what: "
        "`TASKS_READ`, `TASKS_IN_REDIS`, `REQUESTS`, `PAGES`, or `HOURS` in which the index was measured. More units "
        "can be added.",
    )
    REDIS_IS_SHARED = strawberry.enum_value(
        "redis_is_shared", description="Advice on the size of Redis belongs to the workspace `workspace`."
    )
    SIZE_FOR_HIT_RATE = strawberry.enum_value(
        "size_for_hit_rate",
        description="The share `hitRate` of hits needs `bytes` of memory, for `tasks` tasks, if Redis evicts the least "
        "recently used task. `volatile-lfu` needs rather less.",
    )
    HIT_RATE_OUT_OF_REACH = strawberry.enum_value(
        "hit_rate_out_of_reach",
        description="No size is enough for `hitRate`: too many tasks are read only once in an hour.",
    )
    HIT_RATE_OF_MAXMEMORY = strawberry.enum_value(
        "hit_rate_of_maxmemory", description="The present `maxmemory` of `bytes` is enough for `hitRate`."
    )
    SIZE_OF_ENTRIES = strawberry.enum_value(
        "size_of_entries", description="The indexes take `indexBytes`, and an entry `entryBytes`."
    )
    EXPIRED_MISSES = strawberry.enum_value(
        "expired_misses", description="`expired` of `misses` misses, the share `share`, were of expired entries."
    )
    HIT_RATE_OF_LONGER_LIFE = strawberry.enum_value(
        "hit_rate_of_longer_life", description="The hit rate is `hitRate`. A longer life could raise it to `highest`."
    )
    EXPENSIVE_OPERATION = strawberry.enum_value(
        "expensive_operation",
        description="`operation` takes `share` of all points, in `requests` of `pointsEach`. `client` sends "
        "`clientShare` of its points. `hash` is that of the document. `hash`, `client` and `clientShare` can be "
        "absent.",
    )
    PAGES_AT_DEPTH = strawberry.enum_value(
        "pages_at_depth",
        description="The share `share` of the pages began at `fromPosition` to `toPosition`, exclusive, which can be "
        "absent.",
    )
    INDEX_GROWTH = strawberry.enum_value(
        "index_growth",
        description="The index takes `bytes`, and in `hours` measured hours it grew by `bytesPerDay`, which can be "
        "negative.",
    )
    INDEX_FULL_AT = strawberry.enum_value(
        "index_full_at", description="The index reaches `maxmemory` of `bytes` at the time `at`."
    )
    INDEX_NEVER_FULL = strawberry.enum_value(
        "index_never_full", description="The index does not reach `maxmemory` of `bytes` within ten years."
    )


@strawberry.type(description="A value of a finding.")
class AdviceValue:
    name: str = strawberry.field(description="The name, which the description of the code explains.")
    number: float | None = strawberry.field(description="The value, if it is a number. Shares are from 0 to 1.")
    text: str | None = strawberry.field(description="The value, if it is a name or a time.")


@strawberry.type(description="A finding of advice, for clients that put it into words themselves.")
class AdviceFinding:
    code: AdviceCode = strawberry.field(description="What the finding says.")
    values: list[AdviceValue] = strawberry.field(description="The values in it.")


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
    findings: list[AdviceFinding] = strawberry.field(description="What `text` says, without the language.")
