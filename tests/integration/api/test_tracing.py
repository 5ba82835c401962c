"""Tests the spans that an OTLP receiver gets: names, attributes and parents, by OpenTelemetry's conventions."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import psycopg
import pytest

from api.config.settings import Settings
from api.telemetry import tracing
from tests.support.graphql_client import CREATE, Client, running
from tests.support.http_service import listening_service
from tests.support.otlp import ReceivedSpan, received_spans
from tests.support.receivers import Receiver, receiver

PAGE = "query Page { tasks(first: 5) { edges { node { id title } } } }"
TASK = "query Task($id: ID!) { task(id: $id) { id title description } }"
TITLE, DESCRIPTION = "A secret title", "A secret description"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def otlp(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """Run an OTLP receiver to which services of the test send their spans."""
    with receiver() as received:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", received.url)
        monkeypatch.setattr(tracing, "CLOSE_SECONDS", 60)  # on a busy machine
        yield received


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    return Settings(database_url=database_url, redis_url=redis_url)


@asynccontextmanager
async def traced(settings: Settings, otlp: Receiver, found: list[ReceivedSpan]) -> AsyncIterator[Client]:
    """Run a service, and add its spans to `found` when it has stopped."""
    async with running(settings) as client:
        yield client
    found += received_spans(otlp.requests)


def one(spans: list[ReceivedSpan], name: str) -> ReceivedSpan:
    [span] = [span for span in spans if span.name == name]
    return span


def below(spans: list[ReceivedSpan], parent: ReceivedSpan) -> list[ReceivedSpan]:
    """Return the spans whose parent is another span, in the order in which they began."""
    return [span for span in spans if span.parent_id == parent.span_id]


def requests(spans: list[ReceivedSpan]) -> list[ReceivedSpan]:
    return [span for span in spans if span.kind == "SERVER"]


async def send(client: Client, document: str, headers: dict[str, str], **variables: Any) -> Any:
    return await client.http.post("/graphql", json={"query": document, "variables": variables}, headers=headers)


async def test_long_name_of_an_operation_is_cut(settings: Settings, otlp: Receiver) -> None:
    spans: list[ReceivedSpan] = []
    async with traced(settings, otlp, spans) as client:
        await send(client, f"query {'Long' * 10_000} {{ __typename }}", {})
    [read] = requests(spans)
    assert read.attributes["graphql.operation.name"] == "Long" * 49 + "Lon…"


async def test_request_has_one_span_with_its_operation_and_its_cost(settings: Settings, otlp: Receiver) -> None:
    spans: list[ReceivedSpan] = []
    async with traced(settings, otlp, spans) as client:
        [id_] = await client.create_many([TITLE])
        response = await send(client, TASK, {"User-Agent": "test", "X-Request-Id": "req-1"}, id=id_)
    created, read = requests(spans)
    assert created.attributes["graphql.operation.type"] == "mutation"
    assert read.name == "POST /graphql"
    assert read.parent_id == ""
    assert not read.failed
    document_hash = read.attributes.pop("millitask.document.hash")
    assert re.fullmatch("[0-9a-f]{64}", document_hash)
    # The entry and the lease. The fill may come after the end of the request.
    assert read.attributes.pop("millitask.redis.round_trips") in (2, 3)
    assert read.attributes == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "http.route": "/graphql",
        "url.path": "/graphql",
        "url.scheme": "http",
        "network.protocol.version": "1.1",
        "server.address": "localhost",
        "client.address": "127.0.0.1",
        "user_agent.original": "test",
        "graphql.operation.name": "Task",
        "graphql.operation.type": "query",
        "millitask.request.id": "req-1",
        "millitask.outcome": "OK",
        "millitask.points": 1,
        "millitask.cache.hits": 0,
        "millitask.cache.misses": 1,
        "millitask.sql.queries": 1,
    }
    assert read.resource["service.name"] == "millitask"
    assert response.headers["traceresponse"] == f"00-{read.trace_id}-{read.span_id}-01"
    # A miss: the entry, the lease, the row and the fill. No span for a field.
    assert [span.name for span in below(spans, read) if span.name[:5] != "EVAL "] == [
        *("MGET", "EVALSHA lease", "SELECT task", "fill entries"),
    ]
    assert below(spans, one(spans, "fill entries"))[0].name == "EVALSHA fill"
    assert all(read.start <= span.start for span in below(spans, read))


async def test_spans_of_stores_follow_the_conventions(settings: Settings, otlp: Receiver) -> None:
    spans: list[ReceivedSpan] = []
    async with traced(settings, otlp, spans) as client:
        [id_] = await client.create_many([TITLE])
        await client.query(TASK, id=id_)
    read = requests(spans)[-1]
    mget, lease, select, _ = (span for span in below(spans, read) if span.name[:5] != "EVAL ")
    assert {span.kind for span in (mget, lease, select)} == {"CLIENT"}
    address = mget.attributes.pop("server.address")
    assert address
    assert address in str(settings.redis_url)
    assert mget.attributes == {"db.system.name": "redis", "db.operation.name": "MGET"}
    assert lease.attributes["db.operation.name"] == "EVALSHA"
    assert lease.attributes["db.stored_procedure.name"] == "lease"
    assert select.attributes["db.system.name"] == "postgresql"
    assert select.attributes["db.query.summary"] == select.name
    assert "%(workspace)s" in select.attributes["db.query.text"]
    assert select.attributes["db.namespace"] == psycopg.conninfo.conninfo_to_dict(settings.database_url or "")["dbname"]
    assert select.attributes["server.address"]


async def test_steps_of_a_write_have_spans_and_statements_hold_no_values(settings: Settings, otlp: Receiver) -> None:
    spans: list[ReceivedSpan] = []
    async with traced(settings, otlp, spans) as client:
        task = await client.create(title=TITLE, description=DESCRIPTION)
        await client.delete(task["id"])
        inline = f'mutation {{ createTask(input: {{ title: "{TITLE}" }}) {{ task {{ id }} }} }}'
        await client.query(inline)
        await client.create_many([TITLE, TITLE])
    created, _, _, bulk = requests(spans)
    steps = ["write rows", "write mark", "write commit", "write publish"]
    assert [span.name for span in below(spans, created) if span.name.startswith("write")] == steps
    assert [span.attributes["millitask.write.step"] for span in spans if span.name in steps][:4] == [
        *("W2", "W3", "W4", "W5"),
    ]
    first = {name: next(span for span in spans if span.name == name) for name in steps}
    assert {span.name for span in below(spans, first["write mark"])} - {"EVAL mark"} == {"EVALSHA mark"}
    assert {span.name for span in below(spans, first["write publish"])} - {"EVAL publish"} == {"EVALSHA publish"}
    assert "COMMIT" in {span.name for span in below(spans, first["write commit"])}
    assert {"BEGIN", "INSERT task"} <= {span.name for span in spans if span.kind == "CLIENT"}
    bulk_steps = [span.name for span in below(spans, bulk) if span.name.startswith("write")]
    assert bulk_steps == ["write rows", "write record", "write commit", "write settle"]
    everything = b"".join(request.body for request in otlp.requests)
    for value in (TITLE, DESCRIPTION, task["id"]):
        assert value.encode() not in everything


async def test_trace_of_the_client_continues(settings: Settings, otlp: Receiver) -> None:
    spans: list[ReceivedSpan] = []
    async with traced(settings, otlp, spans) as client:
        await send(client, PAGE, {"traceparent": f"00-{TRACE}-{PARENT}-01"})
        unsampled = await send(client, PAGE, {"traceparent": f"00-{TRACE}-{PARENT}-00"})
        broken = await send(client, PAGE, {"traceparent": "broken"})
    continued, own = requests(spans)
    assert (continued.trace_id, continued.parent_id) == (TRACE, PARENT)
    assert {span.trace_id for span in below(spans, continued)} == {TRACE}
    assert "traceresponse" not in unsampled.headers
    assert own.parent_id == ""
    assert own.span_id in broken.headers["traceresponse"]


async def test_share_of_the_sampler_decides(
    settings: Settings, otlp: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0")
    spans: list[ReceivedSpan] = []
    async with traced(settings, otlp, spans) as client:
        await client.query(PAGE)
        await send(client, PAGE, {"traceparent": f"00-{TRACE}-{PARENT}-01"})
    [continued] = requests(spans)
    assert continued.trace_id == TRACE


async def test_rebuild_has_a_trace_of_its_own(settings: Settings, otlp: Receiver) -> None:
    spans: list[ReceivedSpan] = []
    async with traced(settings, otlp, spans) as client:
        await client.query(PAGE)
    rebuild = next(span for span in spans if span.name == "rebuild" and not span.failed)
    assert (rebuild.parent_id, rebuild.kind) == ("", "INTERNAL")
    assert rebuild.attributes.pop("millitask.epoch") > 0
    assert rebuild.attributes == {"millitask.workspace": "default", "millitask.tasks": 0}
    assert {"SELECT task", "UPDATE gate"} <= {span.name for span in below(spans, rebuild)}
    assert rebuild.trace_id not in {span.trace_id for span in requests(spans)}


async def test_probes_are_not_traced_and_errors_are(settings: Settings, otlp: Receiver) -> None:
    spans: list[ReceivedSpan] = []
    async with traced(settings, otlp, spans) as client:
        for path in ("/livez", "/readyz", "/metrics", "/missing", "/session"):
            await client.http.get(path)
        await client.http.request("BREW", "/session")
        await client.send("{ nonsense }")
    missing, session, brew, nonsense = requests(spans)
    assert (missing.name, missing.attributes["http.response.status_code"]) == ("GET", 404)
    assert session.name == "GET /session"
    assert brew.attributes["http.request.method"] == "_OTHER"
    assert brew.attributes["http.request.method_original"] == "BREW"
    assert nonsense.attributes["error.type"] == "GRAPHQL_VALIDATION_FAILED"
    assert not any(span.failed for span in requests(spans)), "only errors of the service are failures"


async def test_failed_statement_has_its_code_and_no_message(settings: Settings, otlp: Receiver) -> None:
    spans: list[ReceivedSpan] = []
    async with traced(settings, otlp, spans) as client:
        with psycopg.connect(str(settings.database_url)) as connection:
            connection.execute("ALTER TABLE task ADD CHECK (title <> 'A secret title') NOT VALID")
        # PostgreSQL repeats the row in the message of this error.
        error = await client.error(CREATE, input={"title": TITLE})
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    failed = next(span for span in spans if span.failed and span.name == "INSERT task")
    assert failed.attributes["db.response.status_code"] == failed.attributes["error.type"] == "23514"
    [request] = requests(spans)
    assert request.failed
    assert request.attributes["error.type"] == "INTERNAL_SERVER_ERROR"
    assert TITLE.encode() not in b"".join(request.body for request in otlp.requests)


async def test_page_cache_and_counts_of_the_trace_header(settings: Settings, otlp: Receiver) -> None:
    spans: list[ReceivedSpan] = []
    async with traced(settings, otlp, spans) as client:
        await client.create_many([TITLE])
        await client.query(PAGE)
        await client.query(PAGE)
        own = await send(client, PAGE, {"X-Millitask-Trace": "1"})
    *_, cached, measured = requests(spans)
    assert cached.attributes["millitask.redis.round_trips"] == 1
    assert [span.name for span in below(spans, cached)] == ["PIPELINE"]
    assert below(spans, cached)[0].attributes["db.operation.batch.size"] == 2
    costs = json.loads(own.content)["extensions"]["cache"]
    assert measured.attributes["millitask.cache.hits"] == costs["hits"]
    assert measured.attributes["millitask.cache.misses"] == costs["misses"]
    assert measured.attributes["millitask.redis.round_trips"] == costs["redisRoundTrips"]


async def test_span_of_a_stream_ends_when_the_stream_starts(settings: Settings, otlp: Receiver) -> None:
    body = {"query": "subscription Changes { taskCountsChanged { all } }"}
    async with listening_service(settings) as url, httpx.AsyncClient() as http:
        headers = {"Accept": "text/event-stream"}
        async with http.stream("POST", url, json=body, headers=headers) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    break
        whole = await http.post(url, json={"query": PAGE})
    stream_span, page = requests(received_spans(otlp.requests))
    assert stream_span.attributes["graphql.operation.type"] == "subscription"
    assert stream_span.span_id in stream.headers["traceresponse"]
    assert page.span_id in whole.headers["traceresponse"]
    # What the stream reads after its start belongs to no request.
    later = [span for span in received_spans(otlp.requests) if span.start > stream_span.end]
    assert stream_span.span_id not in {span.parent_id for span in later}
