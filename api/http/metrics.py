"""The endpoint /metrics: counters and gauges of this worker in Prometheus' text format."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import asdict

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from api.realtime.stream_limit import StreamLimit
from cache.errors import StoreUnavailable
from cache.redis.index import index_sizes
from cache.store import Store

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
    "closings": "Times that this process closed the gate",
    "scrubbed": "Ids checked by the scrub",
    "verified": "Tasks whose index and entry were compared with their row",
    "differences": "Compared tasks that differed from their row",
    "purged": "Rows of deleted and expired tasks that were purged",
    "rebuilds": "Index rebuilds completed by this process",
}


def metrics_endpoint(store: Store, streams: StreamLimit) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint. Each worker reports its own numbers, and `process_*` for its process."""
    registry = CollectorRegistry()
    collector = _ServiceCollector(store, streams)
    registry.register(collector)
    ProcessCollector(registry=registry)

    async def respond(_request: Request) -> Response:
        collector.index_bytes = {}
        if (protocol := store.gate_lease.protocol) is not None:
            with suppress(StoreUnavailable):
                collector.index_bytes = await index_sizes(store.redis, protocol.keys)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return respond


class _ServiceCollector(Collector):
    def __init__(self, store: Store, streams: StreamLimit) -> None:
        self._store = store
        self._streams = streams
        self.index_bytes: dict[str, int] = {}

    def collect(self) -> Iterator[Metric]:
        lease, counters = self._store.gate_lease, asdict(self._store.metrics)
        rebuild_seconds = counters.pop("rebuild_seconds")
        gauges = {
            "ready": ("1 if this worker can answer requests", lease.ready),
            "degraded": ("1 if PostgreSQL answers without the cache", lease.protocol is None),
            "redis_full": ("1 if the index does not fit into Redis: raise its maxmemory", lease.index_too_large),
            "rebuild_seconds": ("Duration of the last index rebuild in seconds", rebuild_seconds),
            "page_cache_bytes": ("Memory of the page cache in bytes", self._store.page_cache.bytes),
            "streams": ("Open subscribers, WebSocket connections and event streams", self._streams.open_streams),
        }
        for name, (help_, value) in gauges.items():
            yield GaugeMetricFamily(f"millitask_{name}", help_, value)
        sizes = GaugeMetricFamily("millitask_index_bytes", "Memory of each index in Redis in bytes", labels=["index"])
        for name, size in self.index_bytes.items():
            sizes.add_metric([name], size)
        yield sizes
        for name, value in counters.items():
            yield CounterMetricFamily(f"millitask_{name}", _COUNTER_HELP[name], value)
