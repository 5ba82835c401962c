"""Figures over time, each with its previous period, from the rows of a report."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from db.usage import DURATION_BOUNDS, Kind
from db.usage_reports import Point, RequestPoint, Total
from schema.insights.period import Period
from schema.types.insights_figures import CountFigure, GaugeFigure, Latency, RateFigure, RequestTotal


class Series:
    """The series of a report by kind and key."""

    def __init__(self, period: Period, rows: Iterable[Point]) -> None:
        self._period = period
        self._values: defaultdict[Kind, defaultdict[str, list[tuple[datetime, float]]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for kind, key, starts_at, requests in rows:
            self._values[kind][key].append((starts_at, requests))

    def keys(self, kind: Kind) -> list[str]:
        """Return the keys of a kind that were counted, in their order."""
        return sorted(self._values[kind])

    def count(self, kind: Kind, key: str) -> CountFigure:
        """Return a count over time."""
        return count_of(self._period, self._values[kind].get(key, ()))

    def gauge(self, key: str) -> GaugeFigure:
        """Return a size over time."""
        return gauge_of(self._period, self._values["gauge"].get(key, ()))


def count_of(period: Period, values: Iterable[tuple[datetime, float]]) -> CountFigure:
    """Return a count over time from the counts that are not 0."""
    before, points = (_zeros(half) for half in period.spread(values))
    return CountFigure(total=sum(points), previous_total=sum(before), points=points, previous_points=before)


def _zeros(points: Iterable[float | None]) -> list[float]:
    return [point or 0.0 for point in points]


def gauge_of(period: Period, values: Iterable[tuple[datetime, float]]) -> GaugeFigure:
    """Return a size over time from the sizes that were measured."""
    before, points = period.spread(values)
    return GaugeFigure(last=_last(points), previous_last=_last(before), points=points, previous_points=before)


def _last(points: Sequence[float | None]) -> float | None:
    return next((point for point in reversed(points) if point is not None), None)


def difference(total: GaugeFigure, *parts: GaugeFigure) -> GaugeFigure:
    """Return a size without its parts, where all were measured."""

    def rest(of: Sequence[float | None], others: Sequence[Sequence[float | None]]) -> list[float | None]:
        rows = zip(of, *others, strict=True)
        return [None if None in row else max(0.0, row[0] - sum(row[1:])) for row in rows]

    points = rest(total.points, [part.points for part in parts])
    before = rest(total.previous_points, [part.previous_points for part in parts])
    return GaugeFigure(last=_last(points), previous_last=_last(before), points=points, previous_points=before)


def rate_of(hits: CountFigure, misses: CountFigure) -> RateFigure:
    """Return the share of the hits."""
    return RateFigure(
        total=_share(hits.total, misses.total),
        previous_total=_share(hits.previous_total, misses.previous_total),
        points=list(map(_share, hits.points, misses.points)),
        previous_points=list(map(_share, hits.previous_points, misses.previous_points)),
    )


def _share(hits: float, misses: float) -> float | None:
    return hits / (hits + misses) if hits + misses else None


class RequestFigures(NamedTuple):
    """The requests of all operations over time."""

    requests: CountFigure
    points: CountFigure
    errors: CountFigure


def request_figures(period: Period, rows: Sequence[RequestPoint]) -> RequestFigures:
    """Return the figures of the requests of all operations."""
    return RequestFigures(
        count_of(period, [(row.starts_at, row.requests) for row in rows]),
        count_of(period, [(row.starts_at, row.points) for row in rows]),
        count_of(period, [(row.starts_at, row.errors) for row in rows]),
    )


class KeyTotals(NamedTuple):
    """The totals of one key: in the period, and in the previous one. None if it was not requested."""

    key: str
    now: Total | None
    before: Total | None

    @property
    def requests(self) -> RequestTotal:
        """The number of requests."""
        return RequestTotal(requests=_requests(self.now), previous_requests=_requests(self.before))

    @property
    def points(self) -> float:
        """The points in the period."""
        return 0.0 if self.now is None else float(self.now.points)

    @property
    def previous_points(self) -> float:
        """The points in the previous period."""
        return 0.0 if self.before is None else float(self.before.points)


def _requests(total: Total | None) -> float:
    return 0.0 if total is None else float(total.requests)


def totals_by_kind(rows: Iterable[Total]) -> Mapping[Kind, list[KeyTotals]]:
    """Return the totals of each kind by key, those with the most requests in the period first."""
    found: defaultdict[Kind, dict[str, KeyTotals]] = defaultdict(dict)
    for row in rows:
        of_kind = found[row.kind]
        totals = of_kind.get(row.key, KeyTotals(row.key, None, None))
        of_kind[row.key] = totals._replace(now=row) if row.current else totals._replace(before=row)
    ordered = {kind: sorted(of.values(), key=lambda each: -_requests(each.now)) for kind, of in found.items()}
    return defaultdict(list, ordered)


def latency_of(rows: Iterable[Total | None]) -> Latency:
    """Return the durations of the requests of several totals together."""
    found = [row for row in rows if row is not None]
    requests, seconds = sum(row.requests for row in found), sum(row.seconds for row in found)
    counts = [sum(column) for column in zip(*(row.durations for row in found if row.durations), strict=True)]
    quantiles = [quantile(counts, share) for share in (0.5, 0.95, 0.99)]
    p50, p95, p99 = (None if each is None else each * 1000 for each in quantiles)
    return Latency(mean_ms=seconds / requests * 1000 if requests else None, p50_ms=p50, p95_ms=p95, p99_ms=p99)


def quantile(counts: Sequence[int], share: float) -> float | None:
    """Return a quantile of a histogram of durations in seconds, interpolated within its bucket.

    Of the last bucket, which has no upper bound, the lower bound. None without a duration.
    """
    wanted, before = sum(counts) * share, 0
    if not wanted:
        return None
    for count, low, high in zip(counts, (0.0, *DURATION_BOUNDS), (*DURATION_BOUNDS, math.inf), strict=True):
        if before + count >= wanted:
            return low if math.isinf(high) else low + (high - low) * (wanted - before) / count
        before += count
    return DURATION_BOUNDS[-1]
