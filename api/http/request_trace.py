"""The span of a request, by the semantic conventions of OpenTelemetry for HTTP servers and for GraphQL."""

from collections.abc import Mapping
from contextlib import ExitStack

from opentelemetry import propagate
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, format_span_id, format_trace_id
from starlette.types import Scope

from api.graphql.response import OK, OperationRecord
from api.http.incoming import IncomingRequest
from api.telemetry.tracing import Tracing
from cache.metrics import StoreMetrics, separate_counters
from db.tracing import current_span

# The header of a draft of the W3C, by which a client finds the trace of a response.
RESPONSE_HEADER = "traceresponse"
# Probes and scrapes would be most of the traces of a quiet service.
UNTRACED_PATHS = frozenset(("/livez", "/readyz", "/metrics"))
ROUTES = frozenset(("/graphql", "/session", "/session/token", "/session/workspace", "/session/oidc/callback"))
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"))
_MAX_CHARACTERS = 256
_SERVER_ERROR = 500
_CLIENT_CLOSED_REQUEST = 499


class _HeaderGetter(Getter[Mapping[bytes, bytes]]):
    """Reads headers of ASGI for the propagators of OpenTelemetry."""

    def get(self, carrier: Mapping[bytes, bytes], key: str) -> list[str] | None:
        value = carrier.get(key.lower().encode())
        return None if value is None else [value.decode("latin-1")]

    def keys(self, carrier: Mapping[bytes, bytes]) -> list[str]:
        return [name.decode("latin-1") for name in carrier]


_HEADERS = _HeaderGetter()


class RequestTracing:
    """Begins the traces of requests, or continues those of their clients."""

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing
        self._fields = frozenset(field.encode() for field in propagate.get_global_textmap().fields)

    def begin(self, request: IncomingRequest, scope: Scope) -> "RequestTrace | None":
        """Return the trace of a request, or None if neither the sampler nor the client traces it."""
        path, parent = scope["path"], Context()
        if path in UNTRACED_PATHS:
            return None
        if not request.headers.keys().isdisjoint(self._fields):
            parent = propagate.extract(request.headers, parent, _HEADERS)
        elif not self._tracing.draw():
            return None
        method = request.method if request.method in _METHODS else "_OTHER"
        name = "HTTP" if method == "_OTHER" else method
        if path in ROUTES:
            name = f"{name} {path}"
        attributes = _request_attributes(request, scope, method)
        span = self._tracing.tracer.start_span(name, parent, SpanKind.SERVER, attributes)
        return RequestTrace(span) if span.get_span_context().is_valid else None


class RequestTrace:
    """The span of one request, which may be unsampled and then only carries the ids of the client's trace.

    trace_id, span_id: in hexadecimal digits. The span id is empty for an unsampled request.
    """

    __slots__ = ("_blocks", "_costs", "_span", "span_id", "trace_id")

    def __init__(self, span: Span) -> None:
        ids = span.get_span_context()
        self._span = span
        self.trace_id = format_trace_id(ids.trace_id)
        self.span_id = format_span_id(ids.span_id) if span.is_recording() else ""
        self._blocks = ExitStack()

    @property
    def response_header(self) -> str:
        """The value of the header `traceresponse`. Empty for an unsampled request."""
        return f"00-{self.trace_id}-{self.span_id}-01" if self.span_id else ""

    def enter(self) -> None:
        """Make the span the parent of the spans of the current asyncio task, and count what the stores do for it."""
        self._costs: StoreMetrics | None = self._blocks.enter_context(separate_counters()) if self.span_id else None
        token = current_span.set(self._span)
        self._blocks.callback(current_span.reset, token)

    def end(self, request_id: str, status: int | None, record: OperationRecord | None) -> None:
        """End the span, with the result of the request. Has no effect after the first call."""
        span, costs = self._span, self._costs
        self._blocks.close()
        if costs is None or not span.is_recording():
            return
        span.set_attribute("millitask.request.id", request_id)
        if record is not None:
            span.set_attributes(_operation_attributes(record, costs))
        failed = status is None or status >= _SERVER_ERROR
        if status is not None and status != _CLIENT_CLOSED_REQUEST:
            span.set_attribute("http.response.status_code", status)
        if failed or (record is not None and record.outcome != OK):
            span.set_attribute("error.type", record.outcome if record is not None else str(status or _SERVER_ERROR))
        if failed or (record is not None and record.outcome == "INTERNAL_SERVER_ERROR"):
            span.set_status(Status(StatusCode.ERROR))
        span.end()


def _request_attributes(request: IncomingRequest, scope: Scope, method: str) -> dict[str, str | int]:
    attributes: dict[str, str | int] = {
        "http.request.method": method,
        "url.path": scope["path"][:_MAX_CHARACTERS],
        "url.scheme": scope["scheme"],
        "network.protocol.version": scope["http_version"],
    }
    if method == "_OTHER":
        attributes["http.request.method_original"] = request.method[:_MAX_CHARACTERS]
    if scope["path"] in ROUTES:
        attributes["http.route"] = scope["path"]
    if request.client:
        attributes["client.address"] = request.client
    if agent := request.header(b"user-agent"):
        attributes["user_agent.original"] = agent[:_MAX_CHARACTERS]
    host, _, port = request.header(b"host")[:_MAX_CHARACTERS].rpartition(":")
    if port.isdecimal() and host:
        attributes |= {"server.address": host, "server.port": int(port)}
    elif host or port:
        attributes["server.address"] = f"{host}:{port}" if host else port
    return attributes


def _operation_attributes(record: OperationRecord, costs: StoreMetrics) -> dict[str, str | int]:
    attributes: dict[str, str | int] = {
        "millitask.outcome": record.outcome,
        "millitask.cache.hits": costs.hits,
        "millitask.cache.misses": costs.misses,
        "millitask.redis.round_trips": costs.redis_round_trips,
        "millitask.sql.queries": costs.sql_queries,
    }
    kind = record.kind
    if kind is not None:
        attributes["graphql.operation.type"] = kind
    if record.name is not None:
        attributes["graphql.operation.name"] = record.name
    if record.document_hash is not None:
        attributes["millitask.document.hash"] = record.document_hash
    if record.points is not None:
        attributes["millitask.points"] = record.points
    return attributes
