"""The endpoint /metrics: counters, gauges and histograms of all workers of this host, in Prometheus' text format."""

from collections.abc import Awaitable, Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from api.metrics.exposition import families
from api.metrics.worker import WorkerMetrics
from cache.workspaces import Workspaces


def metrics_endpoint(workspaces: Workspaces, metrics: WorkerMetrics) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint. Whichever worker answers, the numbers are those of all workers."""

    async def respond(_request: Request) -> Response:
        sizes = await workspaces.index_bytes()
        registry = CollectorRegistry()
        registry.register(_Collector(metrics, sizes))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return respond


class _Collector(Collector):
    def __init__(self, metrics: WorkerMetrics, index_bytes: dict[str, int]) -> None:
        self._metrics = metrics
        self._index_bytes = index_bytes

    def describe(self) -> list[Metric]:
        return []  # otherwise, registering would collect

    def collect(self) -> Iterator[Metric]:
        yield from families(self._metrics.snapshots())
        sizes = GaugeMetricFamily(
            "millitask_index_bytes", "Memory of the indexes of the open workspaces in Redis in bytes", labels=["index"]
        )
        for name, size in self._index_bytes.items():
            sizes.add_metric([name], size)
        yield sizes
