"""The memory of the cache over time, with a forecast, and the history of the gate."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from db.usage_reports import GateEvent as EventRow
from schema.insights.figures import Series, difference
from schema.types.insights_figures import GaugeFigure
from schema.types.insights_service import GateEvent, GateState, MemoryForecast, MemoryInsights, RebuildEvent

MIN_HOURS = 24
_FARTHEST_DAYS = 3650
_SECONDS_PER_DAY = 86_400


def memory_of(series: Series, forecast: MemoryForecast | None, *, of_service: bool) -> MemoryInsights:
    """Return the memory. of_service: whether the figures of the whole service belong to it."""

    def service(figure: GaugeFigure) -> GaugeFigure | None:
        return figure if of_service else None

    used, indexes = series.gauge("redis_used_bytes"), series.gauge("redis_index_bytes")
    return MemoryInsights(
        index_bytes=series.gauge("index_bytes"),
        tasks=series.gauge("tasks"),
        cached_page_bytes=service(series.gauge("page_cache_bytes")),
        entries=service(series.gauge("redis_entries")),
        entry_bytes=service(difference(used, indexes)),
        redis_used_bytes=service(used),
        redis_max_bytes=service(series.gauge("redis_max_bytes")),
        forecast=forecast,
    )


def forecast_of(points: Sequence[tuple[datetime, float]], max_bytes: float) -> MemoryForecast | None:
    """Return a forecast from the size of the index by hour. None for less than a day of hours.

    max_bytes: the memory of Redis; 0 if it is not known.
    """
    if len(points) < MIN_HOURS:
        return None
    times = [time.timestamp() / _SECONDS_PER_DAY for time, _ in points]
    sizes = [size for _, size in points]
    middle, mean = sum(times) / len(times), sum(sizes) / len(sizes)
    # The straight line with the least squares of the errors.
    spread = sum((time - middle) ** 2 for time in times)
    slope = sum((time - middle) * (size - mean) for time, size in zip(times, sizes, strict=True)) / spread
    last_time, last_size = max(points)
    full_at = None
    if slope > 0 and max_bytes > 0:
        days = max(0.0, max_bytes - last_size) / slope
        full_at = last_time + timedelta(days=days) if days <= _FARTHEST_DAYS else None
    return MemoryForecast(bytes_per_day=slope, full_at=full_at, hours=len(points))


def gate_history(rows: Sequence[EventRow]) -> list[GateEvent]:
    """Return the changes of the gate."""
    return [GateEvent(at=row.at, state=GateState(row.state), epoch=float(row.epoch)) for row in rows]


def rebuilds(rows: Sequence[EventRow]) -> list[RebuildEvent]:
    """Return the rebuilds: each begins with `building`, and ends with the next change of the gate."""
    found = []
    for number, row in enumerate(rows, 1):
        after = rows[number] if number < len(rows) else None
        if row.state == "building":
            completed = after is not None and after.state == "on" and after.epoch == row.epoch
            found.append(
                RebuildEvent(started_at=row.at, ended_at=None if after is None else after.at, completed=completed)
            )
    return found
