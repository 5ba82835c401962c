"""The sizes of the last two weeks by hour, from which advice and the forecast follow."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

from db.connection import Connection
from db.usage_reports import Point, usage_series
from schema.insights.memory import forecast_of
from schema.types.insights_service import MemoryForecast

GAUGES_PERIOD = timedelta(days=14)
_NAMES = ("index_bytes", "redis_max_bytes", "redis_used_bytes", "redis_index_bytes", "redis_entries")


class Gauges(NamedTuple):
    """The sizes by hour, oldest first."""

    points: Sequence[Point]

    def last(self, since: datetime) -> Mapping[str, float]:
        """Return the last size of each name that was measured since then."""
        return {point.key: float(point.requests) for point in self.points if point.starts_at >= since}

    def forecast(self) -> MemoryForecast | None:
        """Return when the index no longer fits into Redis."""
        sizes = [(point.starts_at, float(point.requests)) for point in self.points if point.key == "index_bytes"]
        limits = [point.requests for point in self.points if point.key == "redis_max_bytes"]
        return forecast_of(sizes, limits[-1] if limits else 0)


async def read_gauges(connection: Connection, workspace: str, until: datetime) -> Gauges:
    """Return the sizes of a workspace over the 14 days before `until`."""
    points = await usage_series(connection, workspace, "hour", ("gauge",), until - GAUGES_PERIOD, until, keys=_NAMES)
    return Gauges(sorted(points, key=attrgetter("starts_at")))
