"""Tests that requests to an OpenID provider continue the trace, and that log lines name it."""

import json
import re
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api.identity.fetch import FetchFailed, ProviderClient
from api.process import logs
from db.tracing import root_span, use_tracer
from tests.support.receivers import Receiver, receiver


@pytest.fixture
def exported() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(exported: InMemorySpanExporter) -> Iterator[TracerProvider]:
    found = TracerProvider(shutdown_on_exit=False)
    found.add_span_processor(SimpleSpanProcessor(exported))
    use_tracer(found.get_tracer("test"))
    yield found
    use_tracer(None)


async def fetch(identity: Receiver, path: str) -> None:
    client = ProviderClient()
    try:
        await client.get(f"{identity.url}{path}")
    finally:
        await client.close()


async def test_provider_gets_the_trace_of_the_request(provider: TracerProvider, exported: InMemorySpanExporter) -> None:
    with receiver() as identity:
        with root_span("request", {}) as request:
            assert request is not None
            await fetch(identity, "/keys?secret=1")
            identity.status = 503
            with pytest.raises(FetchFailed):
                await fetch(identity, "/keys")
            line = logs._add_ids(None, "info", {"event": "a line"})
        identity.status = 200
        await fetch(identity, "/untraced")
    first, failed, root = exported.get_finished_spans()
    ids = request.get_span_context()
    assert line == {"event": "a line", "trace_id": f"{ids.trace_id:032x}", "span_id": f"{ids.span_id:016x}"}
    sent = [each.headers.get("traceparent") for each in identity.requests]
    # The last digit has the flags for a sampled trace, and for a random id.
    assert re.fullmatch(f"00-{ids.trace_id:032x}-{first.context.span_id:016x}-0[13]", str(sent[0]))
    assert sent[2] is None
    assert first.parent is not None
    assert first.parent.span_id == root.context.span_id
    port = int(identity.url.rpartition(":")[2])
    assert json.loads(first.to_json())["attributes"] == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "server.address": "127.0.0.1",
        "server.port": port,
        "url.full": f"{identity.url}/keys",
    }
    assert failed.attributes is not None
    assert (failed.attributes["http.response.status_code"], failed.attributes["error.type"]) == (503, "503")
