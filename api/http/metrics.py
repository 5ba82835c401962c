"""/metrics: what the store did, in Prometheus' text format."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import asdict

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from api.realtime.sse import StreamLimit
from cache.errors import StoreUnavailable
from cache.redis.index import index_sizes
from cache.store import Store

_MEANING = {
    "hits": "Tasks that were in the cache",
    "misses": "Tasks that were read from the database",
    "row_queries": "Queries for the rows of tasks that were not in the cache",
    "sql_queries": "Statements sent to PostgreSQL",
    "redis_round_trips": "Round trips to Redis",
    "degraded_reads": "Reads that PostgreSQL answered in place of the cache",
    "publishes_lost": "Commits whose publish failed",
    "closings": "Times that this process closed the gate",
    "scrubbed": "Ids that the scrub looked at",
    "verified": "Tasks whose index and entry were held against their row",
    "differences": "Of these, those that differed",
    "purged": "Rows deleted for good",
    "rebuilds": "Indexes built",
}


class _Counters(Collector):
    def __init__(self, store: Store, streams: StreamLimit) -> None:
        self._store = store
        self._streams = streams
        self.index_bytes: dict[str, int] = {}

    def collect(self) -> Iterator[Metric]:
        counters = asdict(self._store.metrics)
        yield GaugeMetricFamily("millitask_ready", "1 if requests can be answered", self._store.gate_lease.ready)
        degraded = self._store.gate_lease.protocol is None
        yield GaugeMetricFamily("millitask_degraded", "1 if PostgreSQL answers in place of the cache", degraded)
        too_large = self._store.gate_lease.index_too_large
        yield GaugeMetricFamily(
            "millitask_redis_full", "1 if the index does not fit into Redis: raise its maxmemory", too_large
        )
        yield GaugeMetricFamily(
            "millitask_rebuild_seconds", "How long the last rebuild took", counters.pop("rebuild_seconds")
        )
        yield GaugeMetricFamily("millitask_streams", "Subscribers, WebSockets and SSE together", self._streams.open)
        sizes = GaugeMetricFamily("millitask_index_bytes", "Memory of each index in Redis", labels=["index"])
        for name, size in self.index_bytes.items():
            sizes.add_metric([name], size)
        yield sizes
        for name, value in counters.items():
            yield CounterMetricFamily(f"millitask_{name}", _MEANING[name], value)


def render(store: Store, streams: StreamLimit) -> Callable[[Request], Awaitable[Response]]:
    """The route. Each worker counts for itself; `process_*` says how it does."""
    registry = CollectorRegistry()
    counters = _Counters(store, streams)
    registry.register(counters)
    ProcessCollector(registry=registry)

    async def answer(_request: Request) -> Response:
        counters.index_bytes = {}
        if (protocol := store.gate_lease.protocol) is not None:
            with suppress(StoreUnavailable):
                counters.index_bytes = await index_sizes(store.redis, protocol.keys)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return answer
