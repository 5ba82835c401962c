"""Decodes the spans that an OTLP receiver gets."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.receivers import Received

KINDS = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")


class ReceivedSpan(NamedTuple):
    """A span with its attributes and the attributes of its resource."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    start: int
    end: int
    failed: bool
    attributes: dict[str, Any]
    resource: dict[str, Any]


def received_spans(requests: Iterable[Received]) -> list[ReceivedSpan]:
    """Return the spans in the requests, in the order in which they began."""
    spans = []
    for request in requests:
        assert request.path == "/v1/traces"
        assert request.headers["content-type"] == "application/x-protobuf"
        message = ExportTraceServiceRequest.FromString(request.body)
        for group in message.resource_spans:
            resource = _values(group.resource.attributes)
            spans += [_span(span, resource) for scope in group.scope_spans for span in scope.spans]
    return sorted(spans, key=lambda span: span.start)


def _span(span: Any, resource: dict[str, Any]) -> ReceivedSpan:
    assert not span.events, "an event can hold the message of an exception"
    assert not span.status.message
    return ReceivedSpan(
        span.name,
        KINDS[span.kind],
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        span.status.code == 2,
        _values(span.attributes),
        resource,
    )


def _values(attributes: Iterable[Any]) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
