"""The tracer of a worker, if the environment asks for traces."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass

from opentelemetry.trace import Tracer

from api.config.open_telemetry import TraceSettings
from db.tracing import use_tracer
from millitask import __version__

CLOSE_SECONDS = 2.0


@dataclass(frozen=True)
class Tracing:
    """The tracer. `draw` returns whether a trace that begins now may be sampled. `close` exports the waiting spans."""

    tracer: Tracer
    draw: Callable[[], bool]
    close: Callable[[], object]

    async def aclose(self) -> None:
        """Export the spans that wait, for up to `CLOSE_SECONDS`."""
        use_tracer(None)
        # A daemon, because the exporter retries for longer if the receiver does not answer.
        closing = threading.Thread(target=self.close, name="end of traces", daemon=True)
        closing.start()
        await asyncio.to_thread(closing.join, CLOSE_SECONDS)


def start_tracing(settings: TraceSettings | None) -> Tracing | None:
    """Return the tracer that the environment asks for. None if it asks for none, or the tracer cannot work."""
    if settings is None or settings.problem is not None:
        return None
    # Imported late: the SDK is an optional extra, and slow to import.
    from api.telemetry.sdk import SERVICE_NAME, DrawnIds, create_provider

    ids = DrawnIds(settings.ratio)
    provider = create_provider(ids)
    tracer = provider.get_tracer(SERVICE_NAME, __version__)
    use_tracer(tracer)
    return Tracing(tracer, ids.draw, provider.shutdown)
