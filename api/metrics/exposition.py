"""The metrics of all workers as families of Prometheus."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from prometheus_client import ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from api.metrics.requests import SIZE_BOUNDS, Histogram, RequestMetrics
from api.metrics.snapshot import Snapshot
from api.metrics.worker import is_alive
from cache.metrics import StoreMetrics
from db.usage import DURATION_BOUNDS

# The help text of each gauge of a snapshot, and how the values of the workers combine.
_GAUGES: dict[str, tuple[str, Any]] = {
    "ready": ("1 if every worker can answer requests", min),
    "degraded": ("1 if PostgreSQL answers an open workspace of a worker without the cache", max),
    "redis_full": ("1 if the index of an open workspace does not fit into Redis: raise its maxmemory", max),
    "workspaces_open": ("Workspaces that the worker with the most of them has open", max),
    "workspaces_degraded": ("Open workspaces that PostgreSQL answers, in the worker with the most of them", max),
    "page_cache_bytes": ("Memory of the page caches in bytes", sum),
    "streams": ("Open streams: WebSocket connections and event streams", sum),
    "subscriptions": ("Open subscriptions over WebSocket connections and event streams", sum),
    "requests_in_flight": ("Requests that are being answered", sum),
    "searches_in_flight": ("Searches that run or wait for a connection", sum),
    "deep_pages_in_flight": ("Deep pages that PostgreSQL reads in place of Redis, or that wait for it", sum),
    "writes_in_flight": ("Writes that run or wait for a connection", sum),
}
# The help text of each counter of `StoreMetrics`.
_COUNTER_HELP = {
    "hits": "Tasks found in the cache",
    "misses": "Tasks not found in the cache and read from PostgreSQL",
    "row_queries": "Queries for the rows of tasks that were not in the cache",
    "sql_queries": "Statements sent to PostgreSQL",
    "redis_round_trips": "Round trips to Redis",
    "degraded_reads": "Reads that fell back to PostgreSQL",
    "page_hits": "Responses answered by the page cache",
    "page_misses": "Queries looked up in the page cache that it could not answer",
    "publishes_lost": "Committed writes whose publish to Redis failed",
    "closings": "Times that a worker closed the gate",
    "server_changes": "Times that a worker found PostgreSQL restarted, restored or replaced",
    "scrubbed": "Ids checked by the scrub",
    "verified": "Tasks whose index and entry were compared with their row",
    "differences": "Compared tasks that differed from their row",
    "purged": "Rows of deleted and expired tasks that were purged",
    "rebuilds": "Index rebuilds completed",
    "drops": "Indexes dropped because no process used them",
    "usage_dropped": "Rows of usage that were dropped because PostgreSQL did not take them",
    "warmed": "Tasks that warm starts loaded into Redis",
    "warm_starts": "Warm starts that ended",
    "rate_limited": "Operations refused because their caller or workspace had too few points",
}

# The help text of each gauge of the last warm start.
_WARM_START_HELP = {
    "warm_wanted": "Tasks that the last warm start was to load",
    "warm_done": "Tasks that the last warm start is done with",
    "warm_seconds": "Duration of the last warm start that ended, in seconds",
}


def families(snapshots: Sequence[Snapshot | None]) -> Iterator[Metric]:
    """Yield the metrics of all workers together. Gauges leave out the workers that are not alive."""
    found = [snapshot for snapshot in snapshots if snapshot is not None]
    alive = [snapshot for snapshot in found if is_alive(snapshot)]
    yield GaugeMetricFamily("millitask_workers", "Workers that run", len(alive))
    for name, (help_, combine) in _GAUGES.items():
        yield GaugeMetricFamily(f"millitask_{name}", help_, combine(snapshot.gauges[name] for snapshot in alive))
    yield _primaries_family(alive)
    yield from _store_families([snapshot.store for snapshot in found])
    yield from _request_families([snapshot.requests for snapshot in found])
    yield from _process_families({number: each for number, each in enumerate(snapshots, 1) if each in alive})


def _primaries_family(alive: Sequence[Snapshot]) -> Metric:
    help_ = "Workspaces in use of a primary of Redis that PostgreSQL answers, in the worker with the most of them"
    family = GaugeMetricFamily("millitask_redis_primary_degraded", help_, labels=["primary"])
    for name in sorted({name for snapshot in alive for name in snapshot.degraded_by_primary}):
        family.add_metric([name], max(snapshot.degraded_by_primary.get(name, 0) for snapshot in alive))
    return family


def _store_families(stores: Sequence[StoreMetrics]) -> Iterator[Metric]:
    latest = max(stores, key=lambda store: store.rebuilt_at)
    help_ = "Duration of the last index rebuild in seconds"
    yield GaugeMetricFamily("millitask_rebuild_seconds", help_, latest.rebuild_seconds)
    latest = max(stores, key=lambda store: store.warm_began_at)
    for name, help_ in _WARM_START_HELP.items():
        yield GaugeMetricFamily(f"millitask_{name}", help_, getattr(latest, name))
    counters = [asdict(store) for store in stores]
    for name, help_ in _COUNTER_HELP.items():
        yield CounterMetricFamily(f"millitask_{name}", help_, sum(each[name] for each in counters))


def _request_families(workers: Iterable[RequestMetrics]) -> Iterator[Metric]:
    together = RequestMetrics()
    for worker in workers:
        together.add(worker)
    requests = CounterMetricFamily(
        "millitask_requests", "Requests to /graphql by operation and outcome", labels=["operation", "outcome"]
    )
    durations = HistogramMetricFamily(
        "millitask_request_seconds", "Duration of the requests to /graphql in seconds", labels=["operation"]
    )
    for name, counts in sorted(together.operations.items()):
        for outcome, number in sorted(counts.outcomes.items()):
            requests.add_metric([name, outcome], number)
        durations.add_metric([name], _buckets(counts.durations, DURATION_BOUNDS), counts.durations.sum)
    yield requests
    yield durations
    for name, sizes in (("request", together.request_bytes), ("response", together.response_bytes)):
        yield HistogramMetricFamily(
            f"millitask_{name}_bytes",
            f"Size of the {name} bodies of /graphql in bytes, as sent",
            _buckets(sizes, SIZE_BOUNDS),
            sizes.sum,
        )


def _buckets(histogram: Histogram, bounds: Sequence[float]) -> list[tuple[str, float]]:
    """Return the upper bound of each bucket with the number of values up to it."""
    total, buckets = 0, []
    for bound, count in zip([*bounds, math.inf], histogram.counts, strict=True):
        total += count
        buckets.append(("+Inf" if math.isinf(bound) else str(bound), float(total)))
    return buckets


def _process_families(snapshots: dict[int, Snapshot]) -> Iterator[Metric]:
    """Yield the `process_*` metrics, with the number of the worker as a label."""
    together: dict[str, Metric] = {}
    for number, snapshot in snapshots.items():
        collector = ProcessCollector(pid=partial(int, snapshot.pid), registry=None)
        for family in collector.collect():
            metric = together.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            for sample in family.samples:
                metric.add_sample(sample.name, {"worker": str(number)}, sample.value)
    yield from together.values()
