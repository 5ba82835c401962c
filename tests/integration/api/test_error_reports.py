"""Tests the error reports that a stand-in for Sentry gets, and that they contain no values."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from api.telemetry import error_reports
from api.telemetry.error_reports import ErrorReports
from tests.support.receivers import Receiver, receiver

TITLE = "A secret title"


@pytest.fixture
def sentry() -> Iterator[Receiver]:
    with receiver() as received:
        yield received


@pytest.fixture
def reports(sentry: Receiver) -> Iterator[ErrorReports]:
    found = ErrorReports(dsn(sentry), "production")
    yield found
    found.close()


def dsn(sentry: Receiver) -> str:
    return sentry.url.replace("http://", "http://key@") + "/42"


def events(sentry: Receiver) -> list[dict[str, Any]]:
    """Return the events in the envelopes that the stand-in got."""
    found = []
    for request in sentry.requests:
        assert request.path == "/api/42/envelope/"
        assert "sentry_key=key" in request.headers["x-sentry-auth"]
        head, *items = request.body.splitlines()
        assert json.loads(head)["event_id"]
        for description, content in zip(items[::2], items[1::2], strict=True):
            assert json.loads(description)["type"] == "event"
            found.append(json.loads(content))
    return found


def fail() -> None:
    secret = TITLE
    try:
        raise KeyError(secret)
    except KeyError as error:
        raise ValueError(f"cannot use {secret}") from error


def test_report_has_type_stack_and_tags_and_no_values(reports: ErrorReports, sentry: Receiver) -> None:
    line = {"event": "unexpected error", "logger": "api.access", "request_id": "req-1", "title": TITLE}
    try:
        fail()
    except ValueError:
        assert reports(None, "error", {**line, "exc_info": True}) == {**line, "exc_info": True}
    reports.close()
    [event] = events(sentry)
    assert [value["type"] for value in event["exception"]["values"]] == ["KeyError", "ValueError"]
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert frames[-1]["function"] == "fail"
    assert event["tags"] == {"line": "unexpected error", "logger": "api.access", "request_id": "req-1"}
    assert event["release"].startswith("millitask@")
    assert event["environment"] == "production"
    assert not {"request", "user", "breadcrumbs", "extra"} & {name for name, value in event.items() if value}
    values = [frame.get("vars") for value in event["exception"]["values"] for frame in value["stacktrace"]["frames"]]
    assert not any(values)
    assert TITLE not in json.dumps(event)


def test_lines_without_an_unexpected_error_are_not_reported(reports: ErrorReports, sentry: Receiver) -> None:
    error = ValueError(TITLE)
    reports(None, "warning", {"event": "publish failed", "exc_info": error})
    reports(None, "error", {"event": "Redis is out of memory"})
    reports(None, "error", {"event": "no exception is handled", "exc_info": True})
    reports.close()
    assert events(sentry) == []


def test_text_of_a_library_is_left_out(reports: ErrorReports, sentry: Receiver) -> None:
    reports(None, "error", {"event": f"Task {TITLE} failed", "logger": "asyncio", "exc_info": ValueError(TITLE)})
    reports.close()
    [event] = events(sentry)
    assert event["tags"] == {"logger": "asyncio"}
    assert TITLE not in json.dumps(event)


def test_reports_are_bounded(sentry: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(error_reports, "MAX_PER_MINUTE", 2)
    now = 600.0
    reports = ErrorReports(dsn(sentry), "production", lambda: now)
    for _ in range(5):
        reports(None, "error", {"event": "a bug", "exc_info": ValueError()})
    now = 660.0
    reports(None, "error", {"event": "a bug", "exc_info": ValueError()})
    reports.close()
    assert len(events(sentry)) == 3
