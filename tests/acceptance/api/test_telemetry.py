"""The service as a process sends its traces and error reports, and its log lines name the trace."""

import json
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.support.graphql_client import CREATE
from tests.support.otlp import received_spans
from tests.support.receivers import receiver
from tests.support.service_process import serve, until

TITLE = "A secret title"


def test_error_is_in_the_trace_the_report_and_the_log(tmp_path: Path, database_url: str, redis_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE task ADD CHECK (title <> 'A secret title') NOT VALID")
    with receiver() as otlp, receiver() as sentry:
        variables: dict[str, Any] = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "OTEL_EXPORTER_OTLP_ENDPOINT": otlp.url,
            "OTEL_SERVICE_NAME": "tasks",
            "OTEL_BSP_SCHEDULE_DELAY": "50",  # milliseconds
            "MILLITASK_SENTRY_DSN": sentry.url.replace("http://", "http://key@") + "/1",
            "MILLITASK_LOG_FORMAT": "json",
        }
        with serve(tmp_path / "data", **variables) as service:
            body = {"query": CREATE, "variables": {"input": {"title": TITLE}}}
            response = httpx.post(f"http://127.0.0.1:{service.port}/graphql", json=body)
            [error] = response.json()["errors"]
            [report] = sentry.wait()
            assert until(lambda: any(span.kind == "SERVER" for span in received_spans(otlp.requests)))
            service.stop()
        [request] = [span for span in received_spans(otlp.requests) if span.kind == "SERVER"]
    assert request.failed
    assert request.resource["service.name"] == "tasks"
    event = json.loads(report.body.splitlines()[2])
    assert event["exception"]["values"][-1]["type"]
    tags = event["tags"]
    assert (tags["line"], tags["sqlstate"], tags["trace_id"]) == ("masked error", "23514", request.trace_id)
    assert tags["request_id"] == error["extensions"]["requestId"]
    lines = [json.loads(line) for line in service.output.read_text().splitlines() if line.startswith("{")]
    access = one([line for line in lines if line.get("path") == "/graphql"], "request")
    assert (access["trace_id"], access["span_id"]) == (request.trace_id, request.span_id)
    assert one(lines, "masked error")["trace_id"] == request.trace_id
    assert TITLE.encode() not in report.body + b"".join(each.body for each in otlp.requests)


def one(lines: list[dict[str, Any]], message: str) -> dict[str, Any]:
    [line] = [line for line in lines if line["message"] == message]
    return line
