"""A report on the usage of one workspace over a period."""

from datetime import datetime, timedelta

from db.caller import DEFAULT_WORKSPACE
from db.connection import Connection
from db.usage import Kind
from db.usage_reports import gate_events, request_series, usage_series, usage_totals
from schema.insights import lists
from schema.insights.figures import Series, latency_of, rate_of, request_figures, totals_by_kind
from schema.insights.memory import forecast_of, gate_history, memory_of, rebuilds
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

FORECAST_FROM = timedelta(days=14)
_SERIES: tuple[Kind, ...] = ("counter", "service", "cause", "page_cause", "gauge")
_TOTALS: tuple[Kind, ...] = ("operation", "client", "sender", "view", "depth", "search")
_COARSE_TOTALS: tuple[Kind, ...] = ("task", "page", "term")


async def report(connection: Connection, workspace: str, period: Period, advice: list[Advice]) -> Insights:
    """Return the usage of a workspace over a period, and over the one before."""
    resolution, before, since, until = period
    series = Series(period, await usage_series(connection, workspace, resolution, _SERIES, before, until))
    requests = request_figures(period, await request_series(connection, workspace, resolution, before, until))
    rows = await usage_totals(connection, workspace, resolution, _TOTALS, before, since, until)
    coarse = period.coarse
    rows += await usage_totals(
        connection, workspace, coarse.resolution, _COARSE_TOTALS, coarse.before, coarse.since, coarse.until
    )
    totals, events = totals_by_kind(rows), await gate_events(connection, workspace, since, until)
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
        memory=memory_of(series, await read_forecast(connection, workspace, until), of_service=of_service),
        gate=gate_history(events),
        rebuilds=rebuilds(events),
        service=[NamedCount(name=key, count=series.count("service", key)) for key in series.keys("service")],
        gauges=[NamedGauge(name=key, gauge=series.gauge(key)) for key in series.keys("gauge")] if of_service else [],
        advice=advice,
    )


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


async def read_forecast(connection: Connection, workspace: str, until: datetime) -> MemoryForecast | None:
    """Return when the index of a workspace no longer fits into Redis, from the last 14 days."""
    rows = await usage_series(connection, workspace, "hour", ("gauge",), until - FORECAST_FROM, until)
    sizes = [(row.starts_at, float(row.requests)) for row in rows if row.key == "index_bytes"]
    limits = [(row.starts_at, row.requests) for row in rows if row.key == "redis_max_bytes"]
    return forecast_of(sizes, max(limits)[1] if limits else 0)
