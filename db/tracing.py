"""Spans of OpenTelemetry below the span of a traced request. Work for any other request creates none."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar, Token
from types import TracebackType

from opentelemetry import propagate
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context

Attributes = Mapping[str, str | int | float | bool]

# The span of the request or the step that the current asyncio task serves. Not recorded if only the caller of the
# service traces the request.
current_span: ContextVar[Span | None] = ContextVar("span", default=None)
_NO_SPAN: AbstractContextManager[None] = nullcontext()
_tracer: Tracer | None = None


def use_tracer(tracer: Tracer | None) -> None:
    """Create the spans of this process with a tracer. None turns tracing off."""
    global _tracer
    _tracer = tracer


def traced_span() -> Span | None:
    """Return the recorded span that new spans belong below, or None if the work is not traced.

    Work that outlives its request, such as a task that the request has started, is not traced any more.
    """
    span = current_span.get()
    return span if span is not None and span.is_recording() else None


def start_span(parent: Span, name: str, kind: SpanKind, attributes: Attributes) -> Span:
    """Start a span below another one. The caller ends it."""
    if _tracer is None:  # the service is stopping
        return INVALID_SPAN
    return _tracer.start_span(name, set_span_in_context(parent, Context()), kind, attributes)


def span(
    name: str, attributes: Attributes | None = None, kind: SpanKind = SpanKind.INTERNAL
) -> AbstractContextManager[Span | None]:
    """Return a context manager that records its block below the current span, if the work is traced."""
    parent = traced_span()
    return _NO_SPAN if parent is None else SpanBlock(start_span(parent, name, kind, attributes or {}))


def root_span(name: str, attributes: Attributes) -> AbstractContextManager[Span | None]:
    """Return a context manager that records its block as a trace of its own, if the sampler chooses it."""
    if _tracer is None:
        return _NO_SPAN
    started = _tracer.start_span(name, Context(), attributes=attributes)
    return SpanBlock(started) if started.is_recording() else _NO_SPAN


def outgoing_headers() -> dict[str, str]:
    """Return the headers that continue the current trace in another service, such as `traceparent`."""
    headers: dict[str, str] = {}
    if (current := current_span.get()) is not None:
        propagate.inject(headers, set_span_in_context(current, Context()))
    return headers


def record_error(failed: Span, error: BaseException) -> None:
    """Record that the work of a span has failed. The message stays out of the trace, because it can hold values."""
    failed.set_attribute("error.type", error_type(error))
    failed.set_status(Status(StatusCode.ERROR))


def error_type(error: BaseException) -> str:
    """Return the name of the class of an error, or of the cause that the error wraps."""
    kind = type(error.__cause__ or error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


class SpanBlock(AbstractContextManager[Span]):
    """Makes a started span the current one for a block, and ends the span with the block."""

    __slots__ = ("_span", "_token")

    def __init__(self, started: Span) -> None:
        self._span = started

    def __enter__(self) -> Span:
        self._token: Token[Span | None] = current_span.set(self._span)
        return self._span

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        current_span.reset(self._token)
        if error is not None:
            record_error(self._span, error)
        self._span.end()
