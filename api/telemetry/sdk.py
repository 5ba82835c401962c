"""The SDK of OpenTelemetry, which is an optional extra. Import this module only if the extra is installed."""

import os
import socket
from random import getrandbits

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

from millitask import __version__

SERVICE_NAME = "millitask"
_HALF_BITS = 64


class DrawnIds(RandomIdGenerator):
    """Draws the lower half of a trace id before the trace begins.

    The sampler `TraceIdRatioBased` decides by this half alone. So does `draw`, without creating anything.
    """

    def __init__(self, ratio: float | None) -> None:
        """`ratio`: the share of new traces that are sampled. None leaves every decision to the sampler."""
        self._bound = None if ratio is None else TraceIdRatioBased(ratio).bound
        self._drawn: int | None = None

    def draw(self) -> bool:
        """Return whether the sampler may sample a trace that begins now. The next trace then has the drawn half."""
        if self._bound is None:
            return True
        drawn = getrandbits(_HALF_BITS)
        if drawn >= self._bound:
            return False
        self._drawn = drawn
        return True

    def generate_trace_id(self) -> int:
        drawn, self._drawn = self._drawn, None
        if drawn is None:
            return super().generate_trace_id()
        return (getrandbits(_HALF_BITS) << _HALF_BITS | drawn) or super().generate_trace_id()


def create_provider(ids: DrawnIds) -> TracerProvider:
    """Return a provider whose spans a thread exports. The environment names the receiver and the sampler."""
    provider = TracerProvider(resource=_resource(), id_generator=ids, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _resource() -> Resource:
    """Return the attributes of the environment, and those of the service that the environment leaves out."""
    given = Resource.create()
    own = {
        "service.version": __version__,
        "service.instance.id": f"{socket.gethostname()}-{os.getpid()}",
    }
    if str(given.attributes.get("service.name", "unknown_service")).startswith("unknown_service"):
        given = given.merge(Resource({"service.name": SERVICE_NAME}))
    return Resource(own).merge(given)
