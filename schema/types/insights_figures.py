"""The GraphQL types of figures over time: counts, rates and sizes, each with the period before."""

from datetime import datetime
from enum import Enum

import strawberry

_PREVIOUS_POINTS = "The points of the previous period, as many as in `points`."


@strawberry.enum(description="The time between two points of a series.")
class InsightsResolution(Enum):
    MINUTE = strawberry.enum_value("minute", description="A minute. Kept for 3 days.")
    HOUR = strawberry.enum_value("hour", description="An hour. Kept for 92 days.")
    DAY = strawberry.enum_value(
        "day", description="A day in UTC. Kept for 400 days, unless the service is configured otherwise."
    )


@strawberry.input(description="A range of time.")
class InsightsRange:
    from_: datetime = strawberry.field(
        name="from", description="The start, inclusive. Rounded down to the start of a point."
    )
    to: datetime = strawberry.field(description="The end, exclusive. Rounded up to the end of a point.")


@strawberry.type(description="A count, in total and over time.")
class CountFigure:
    total: float = strawberry.field(description="The sum of all points.")
    previous_total: float = strawberry.field(description="The sum of the previous period.")
    points: list[float] = strawberry.field(description="One count for each time of `times`. 0 if nothing was counted.")
    previous_points: list[float] = strawberry.field(description=_PREVIOUS_POINTS)


@strawberry.type(description="A share from 0 to 1, in total and over time.")
class RateFigure:
    total: float | None = strawberry.field(description="The share over the whole period. Null if nothing was counted.")
    previous_total: float | None = strawberry.field(description="The share over the previous period.")
    points: list[float | None] = strawberry.field(description="One share for each time of `times`.")
    previous_points: list[float | None] = strawberry.field(description=_PREVIOUS_POINTS)


@strawberry.type(description="A size that is measured every minute. A point is the largest one of its time.")
class GaugeFigure:
    last: float | None = strawberry.field(description="The last point that was measured. Null if none was.")
    previous_last: float | None = strawberry.field(description="The last point of the previous period.")
    points: list[float | None] = strawberry.field(description="One size for each time of `times`. Null: not measured.")
    previous_points: list[float | None] = strawberry.field(description=_PREVIOUS_POINTS)


@strawberry.type(description="A figure of the service with the name that it has in `/metrics`.")
class NamedCount:
    name: str = strawberry.field(description="The name, without `millitask_` and `_total`.")
    count: CountFigure = strawberry.field(description="The count.")


@strawberry.type(description="A gauge of the service with its name.")
class NamedGauge:
    name: str = strawberry.field(description="The name of the gauge.")
    gauge: GaugeFigure = strawberry.field(description="The size.")


@strawberry.type(description="A number of requests.")
class RequestTotal:
    requests: float = strawberry.field(description="The number of requests.")
    previous_requests: float = strawberry.field(description="The number in the previous period.")


@strawberry.type(description="Durations of requests in milliseconds, from a histogram. Null if there were none.")
class Latency:
    mean_ms: float | None = strawberry.field(description="The mean.")
    p50_ms: float | None = strawberry.field(
        description="Half of the requests took at most this long. As all quantiles, interpolated within a bucket."
    )
    p95_ms: float | None = strawberry.field(description="95% of the requests took at most this long.")
    p99_ms: float | None = strawberry.field(description="99% of the requests took at most this long.")
