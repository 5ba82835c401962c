"""The period of a report, the one before it, and the points of both."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from db.usage import Resolution
from db.usage_reports import Span
from schema.errors import BadInput

STEPS: Mapping[Resolution, timedelta] = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
MAX_POINTS = 1500
# The resolution whose rows replace those of a whole hour or day.
_COARSER: Mapping[Resolution, Resolution] = {"minute": "hour", "hour": "day"}
# Ranges over more than this read the lists with many keys by day.
LONG = timedelta(days=2)
_EPOCH, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class Period(NamedTuple):
    """A range of whole points. `before` is the start of the previous period, which ends at `since`."""

    resolution: Resolution
    before: datetime
    since: datetime
    until: datetime

    @property
    def times(self) -> list[datetime]:
        """The start of each point."""
        step = STEPS[self.resolution]
        return [self.since + number * step for number in range((self.until - self.since) // step)]

    def place(self, time: datetime) -> int:
        """Return the number of a point: negative for the previous period, whose last point is -1."""
        return (time - self.since) // STEPS[self.resolution]

    def spread(self, values: Iterable[tuple[datetime, float]]) -> tuple[list[float | None], list[float | None]]:
        """Return the points of the previous period and those of this one. None where there is no value."""
        number = (self.until - self.since) // STEPS[self.resolution]
        points: list[float | None] = [None] * (2 * number)
        for time, value in values:
            points[number + self.place(time)] = value
        return points[:number], points[number:]

    @property
    def spans(self) -> list[Span]:
        """The rows that make up the previous period and this one: days and hours where they are whole."""
        coarser = _COARSER.get(self.resolution)
        found = []
        for since, until in ((self.before, self.since), (self.since, self.until)):
            ends = (since, until) if coarser is None else _whole_part(since, until, STEPS[coarser])
            found += [Span(self.resolution, since, ends[0]), Span(self.resolution, ends[1], until)]
            found.append(Span(coarser or self.resolution, *ends))
        return [span for span in found if span.since < span.until]

    @property
    def coarse(self) -> "Period":
        """The same period for the kinds with many keys: whole hours or days."""
        resolution = self.resolution
        if resolution != "day":
            resolution = "hour" if self.until - self.since <= LONG else "day"
        return whole(self.since, self.until, resolution)


def _whole_part(since: datetime, until: datetime, step: timedelta) -> tuple[datetime, datetime]:
    """Return the start and the end of the whole steps in a range. Both are `until` if there is none."""
    start, end = _EPOCH - (_EPOCH - since) // step * step, _EPOCH + (until - _EPOCH) // step * step
    return (start, end) if start < end else (until, until)


def whole(since: datetime, until: datetime, resolution: Resolution) -> Period:
    """Return the whole points that a range touches, at least one."""
    step = STEPS[resolution]
    start = _EPOCH + (since - _EPOCH) // step * step
    number = max(1, -((start - until) // step))
    return Period(resolution, start - number * step, start, start + number * step)


def period_of(since: datetime, until: datetime, resolution: Resolution) -> Period:
    """Return the period of a range that a client asks for. Raises `BadInput`."""
    if not _EPOCH <= since < until <= _LATEST:
        raise BadInput("range", "must begin after 1970 and end after its start. Swap from and to, if need be.")
    # Only now: Python has no time before the year 1 or after 9999 in UTC.
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    requested = -((since - until) // STEPS[resolution])
    if requested > MAX_POINTS:
        problem = f"must have at most {MAX_POINTS:,} points, not {requested:,}. Choose a coarser resolution."
        raise BadInput("range", problem, limit=MAX_POINTS, requested=requested)
    return whole(since, until, resolution)
