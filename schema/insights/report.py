"""A report on the usage of one workspace over a period."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from db.caller import DEFAULT_WORKSPACE
from db.connection import Connection
from db.usage import Kind
from db.usage_reports import (
    Point,
    RequestPoint,
    Span,
    Total,
    gate_events,
    request_series,
    usage_series,
    usage_totals,
)
from schema.insights import lists
from schema.insights.advice import advice_until, advise
from schema.insights.figures import Series, latency_of, rate_of, request_figures, totals_by_kind
from schema.insights.gauges import read_gauges
from schema.insights.memory import gate_history, memory_of, rebuilds
from schema.insights.period import Period
from schema.types.insights import (
    CacheInsights,
    Insights,
    MissCause,
    MissesByCause,
    PageMissCause,
    PageMissesByCause,
)
from schema.types.insights_figures import InsightsResolution, NamedCount, NamedGauge
from schema.types.insights_service import Advice, MemoryForecast

# The fields of `insights` that need each kind of rows. Other rows are not read.
_SERIES: Mapping[Kind, tuple[str, ...]] = {
    "counter": ("cache",),
    "cause": ("cache",),
    "page_cause": ("cache",),
    "service": ("service",),
    "gauge": ("memory", "gauges"),
}
_TOTALS: Mapping[Kind, tuple[str, ...]] = {
    "operation": ("operations", "latency", "previousLatency"),
    "sender": ("operations",),
    "client": ("clients",),
    "view": ("views",),
    "depth": ("depths",),
    "search": ("searches",),
}
_COARSE_TOTALS: Mapping[Kind, tuple[str, ...]] = {"task": ("tasks",), "page": ("pages",), "term": ("terms",)}
_REQUESTS, _GATE = ("requests", "points", "errors"), ("gate", "rebuilds")


class Question(NamedTuple):
    """What a report is about. fields: the fields of `Insights` that are needed; others may be empty."""

    workspace: str
    period: Period
    fields: Collection[str]
    now: datetime

    def needs(self, *fields: str) -> bool:
        """Return whether any of these fields is needed."""
        return not set(fields).isdisjoint(self.fields)

    def kinds(self, of: Mapping[Kind, tuple[str, ...]]) -> list[Kind]:
        """Return the kinds of rows that are needed."""
        return [kind for kind, fields in of.items() if self.needs(*fields)]


async def report(connection: Connection, question: Question) -> Insights:
    """Return the usage of a workspace over a period, and over the one before."""
    workspace, period = question.workspace, question.period
    resolution, before, since, until = period
    points: list[Point] = []
    if kinds := question.kinds(_SERIES):
        points = await usage_series(connection, workspace, resolution, kinds, before, until)
    series = Series(period, points)
    by_time: list[RequestPoint] = []
    if question.needs(*_REQUESTS):
        by_time = await request_series(connection, workspace, resolution, before, until)
    requests, totals = request_figures(period, by_time), totals_by_kind(await _totals(connection, question))
    events = await gate_events(connection, workspace, since, until) if question.needs(*_GATE) else []
    forecast, advice = await _forecast_and_advice(connection, question)
    of_service = workspace == DEFAULT_WORKSPACE
    return Insights(
        from_=since,
        to=until,
        previous_from=before,
        resolution=InsightsResolution(resolution),
        times=period.times,
        cache=_cache_of(series),
        requests=requests.requests,
        points=requests.points,
        errors=requests.errors,
        latency=latency_of(each.now for each in totals["operation"]),
        previous_latency=latency_of(each.before for each in totals["operation"]),
        operations=lists.operations(totals),
        tasks=lists.tasks(totals),
        views=lists.views(totals),
        depths=lists.depths(totals),
        pages=lists.pages(totals),
        clients=lists.clients(totals),
        searches=lists.searches(totals, "search"),
        terms=lists.searches(totals, "term"),
        memory=memory_of(series, forecast, of_service=of_service),
        gate=gate_history(events),
        rebuilds=rebuilds(events),
        service=[NamedCount(name=key, count=series.count("service", key)) for key in series.keys("service")],
        gauges=[NamedGauge(name=key, gauge=series.gauge(key)) for key in series.keys("gauge")] if of_service else [],
        advice=advice,
    )


async def _totals(connection: Connection, question: Question) -> list[Total]:
    workspace, period, coarse = question.workspace, question.period, question.period.coarse
    rows: list[Total] = []
    if kinds := question.kinds(_TOTALS):
        rows += await usage_totals(connection, workspace, kinds, period.spans, period.since)
    if kinds := question.kinds(_COARSE_TOTALS):
        spans = [Span(coarse.resolution, coarse.before, coarse.until)]
        rows += await usage_totals(connection, workspace, kinds, spans, coarse.since)
    return rows


async def _forecast_and_advice(
    connection: Connection, question: Question
) -> tuple[MemoryForecast | None, list[Advice]]:
    """Return the forecast at the end of the period, and the advice.

    Of a period that has not ended, both follow from the same sizes.
    """
    workspace, now, latest = question.workspace, question.now, advice_until(question.now)
    until = min(question.period.until, latest)
    forecast, advice = None, list[Advice]()
    if question.needs("advice"):
        gauges = await read_gauges(connection, workspace, latest)
        advice = await advise(connection, workspace, now, gauges)
        forecast = gauges.forecast()
    if question.needs("memory") and not (question.needs("advice") and until == latest):
        forecast = (await read_gauges(connection, workspace, until)).forecast()
    return forecast, advice


def _cache_of(series: Series) -> CacheInsights:
    hits, misses = series.count("counter", "hits"), series.count("counter", "misses")
    page_hits, page_misses = series.count("counter", "page_hits"), series.count("counter", "page_misses")
    return CacheInsights(
        hit_rate=rate_of(hits, misses),
        hits=hits,
        misses=misses,
        misses_by_cause=[
            MissesByCause(cause=cause, count=series.count("cause", str(cause.value))) for cause in MissCause
        ],
        page_hit_rate=rate_of(page_hits, page_misses),
        page_hits=page_hits,
        page_misses=page_misses,
        page_misses_by_cause=[
            PageMissesByCause(cause=cause, count=series.count("page_cause", str(cause.value)))
            for cause in PageMissCause
        ],
        degraded_reads=series.count("counter", "degraded_reads"),
        sql_queries_saved=series.count("counter", "queries_saved"),
    )
