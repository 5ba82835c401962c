"""Tests request ids and the lines of the access log."""

import json
import logging
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Literal

import pytest
import structlog

from api.config.settings import Settings
from api.graphql.request_id import current_request_id, new_request_id
from api.graphql.response import OperationRecord
from api.http import access_log
from api.http.access_log import AccessLog, AccessRecord
from api.process import logs
from tests.support.http_service import unstarted_service

GENERATED_ID = re.compile(r"[0-9a-f]{16}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
PATHS = ["/graphql", "/", '/"\\', "/\x01\n", "/é – 漢", "/\u2028"]

Form = Literal["json", "console"]


async def request_id_for(given: str) -> str:
    async with unstarted_service() as http:
        response = await http.get("/livez", headers={"X-Request-Id": given})
    return str(response.headers["X-Request-Id"])


@pytest.mark.parametrize("given", ["a", "trace-1.2_3", "x" * 64, "019ab2c4-7d1e-7c3a-9f00-3b1f0c2d4e5f"])
async def test_request_id_of_a_client_is_kept(given: str) -> None:
    assert await request_id_for(given) == given


@pytest.mark.parametrize("given", ["", " ", "x" * 65, "a b", 'a"b', "a\tb", "<script>", "a,b"])
async def test_unsafe_request_id_is_replaced(given: str) -> None:
    assert GENERATED_ID.fullmatch(await request_id_for(given))


def test_new_request_ids_differ() -> None:
    ids = [new_request_id() for _ in range(2000)]
    assert len(set(ids)) == len(ids)
    assert all(map(GENERATED_ID.fullmatch, ids))


@pytest.fixture
def configure() -> Iterator[Callable[[Form], None]]:
    """Yield a function that configures logging like a worker, and restore the configuration."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level

    def configure_logs(form: Form) -> None:
        logs.configure(Settings(log_format=form))

    yield configure_logs
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("form", ["json", "console"])
def test_lines_are_those_of_the_other_loggers(
    form: Form, configure: Callable[[Form], None], capsys: pytest.CaptureFixture[str]
) -> None:
    configure(form)
    log = AccessLog(as_json=form == "json")
    with log.writing():
        for path in PATHS:
            log.record(AccessRecord("mine", "GET", path, 404, 12.3456, time.time()))
    written = capsys.readouterr().out
    current_request_id.set("mine")
    for path in PATHS:
        structlog.get_logger("api.access").info(
            "request", method="GET", path=path, client="", status=404, milliseconds=12345.6
        )
    current_request_id.set(None)
    expected = capsys.readouterr().out
    assert TIME.sub("", written) == TIME.sub("", expected)
    assert len(TIME.findall(written)) == len(PATHS)


def test_line_for_people_begins_with_what_they_look_for(
    configure: Callable[[Form], None], capsys: pytest.CaptureFixture[str]
) -> None:
    configure("console")
    log = AccessLog(as_json=False)
    with log.writing():
        log.record(AccessRecord("mine", "POST", "/graphql", 200, 0.01, time.time(), OPERATION))
    fields = re.findall(r"(\w+)=", capsys.readouterr().out)
    assert fields[:5] == ["method", "path", "client", "status", "milliseconds"]


def test_line_has_the_time_of_the_request(
    configure: Callable[[Form], None], capsys: pytest.CaptureFixture[str]
) -> None:
    configure("json")
    log = AccessLog(as_json=True)
    before = time.time()
    log.record(AccessRecord("mine", "POST", "/graphql", 200, 0.01, time.time()))
    after = time.time()
    with log.writing():
        pass
    line = json.loads(capsys.readouterr().out)
    assert before - 1e-6 <= datetime.fromisoformat(line["timestamp"]).timestamp() <= after


OPERATION = OperationRecord("OK", "Tasks", "ab12", 52)


@pytest.mark.parametrize("form", ["json", "console"])
def test_line_describes_the_operation(
    form: Form, configure: Callable[[Form], None], capsys: pytest.CaptureFixture[str]
) -> None:
    configure(form)
    log = AccessLog(as_json=form == "json")
    with log.writing():
        log.record(AccessRecord("mine", "POST", "/graphql", 200, 0.01, time.time(), OPERATION))
        log.record(AccessRecord("mine", "POST", "/graphql", 200, 0.01, time.time(), OPERATION, streamed=True))
    written = capsys.readouterr().out
    fields = {"outcome": "OK", "operation": "Tasks", "document": "ab12", "points": 52}
    current_request_id.set("mine")
    logger = structlog.get_logger("api.access")
    logger.info("request", method="POST", path="/graphql", client="", status=200, milliseconds=10.0, **fields)
    logger.info(
        "request", method="POST", path="/graphql", client="", status=200, milliseconds=10.0, **fields, stream=True
    )
    current_request_id.set(None)
    assert TIME.sub("", written) == TIME.sub("", capsys.readouterr().out)


@pytest.mark.parametrize("level", [logging.INFO, logging.WARNING])
def test_slow_request_is_a_warning(
    level: int, configure: Callable[[Form], None], capsys: pytest.CaptureFixture[str]
) -> None:
    configure("json")
    logging.getLogger().setLevel(level)
    log = AccessLog(as_json=True, slow_seconds=1.0)
    with log.writing():
        log.record(AccessRecord("slow", "POST", "/graphql", 200, 1.0, time.time(), OPERATION))
        log.record(AccessRecord("stream", "POST", "/graphql", 200, 9.0, time.time(), OPERATION, streamed=True))
        log.record(AccessRecord("fast", "POST", "/graphql", 200, 0.9, time.time(), OPERATION))
    lines = {line["request_id"]: line for line in map(json.loads, capsys.readouterr().out.splitlines())}
    assert (lines["slow"]["level"], lines["slow"]["message"]) == ("warning", "slow request")
    assert [lines[name]["level"] for name in ("stream", "fast") if name in lines] == ["info"] * (
        2 if level == logging.INFO else 0
    )


def test_no_lines_below_the_level(configure: Callable[[Form], None], capsys: pytest.CaptureFixture[str]) -> None:
    configure("json")
    logging.getLogger().setLevel(logging.WARNING)
    log = AccessLog(as_json=True)
    with log.writing():
        log.record(AccessRecord("mine", "GET", "/", 200, 0.01, time.time()))
    assert capsys.readouterr().out == ""


def test_long_path_is_cut(configure: Callable[[Form], None], capsys: pytest.CaptureFixture[str]) -> None:
    configure("json")
    log = AccessLog(as_json=True)
    with log.writing():
        log.record(AccessRecord("mine", "GET", "/" + "x" * 5000, 404, 0.01, time.time()))
    path = json.loads(capsys.readouterr().out)["path"]
    assert path == "/" + "x" * (access_log.MAX_PATH_CHARACTERS - 1) + "…"


class BlockedStream:
    """A stream whose first write blocks until the test lets it pass."""

    def __init__(self) -> None:
        self.text = ""
        self.blocked, self.passed = threading.Event(), threading.Event()

    def write(self, text: str) -> None:
        self.blocked.set()
        self.passed.wait()
        self.text += text

    def flush(self) -> None:
        pass


def test_blocked_stdout_delays_no_request_and_dropped_lines_are_counted(
    configure: Callable[[Form], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", stream := BlockedStream())
    monkeypatch.setattr(access_log, "MAX_WAITING_RECORDS", 10)
    configure("json")
    log = AccessLog(as_json=True)
    with log.writing():
        log.record(AccessRecord("first", "GET", "/", 200, 0.01, time.time()))
        stream.blocked.wait()
        for _ in range(25):
            log.record(AccessRecord("more", "GET", "/", 200, 0.01, time.time()))
        stream.passed.set()
    lines = [json.loads(line) for line in stream.text.splitlines()]
    assert [line["request_id"] for line in lines if line["message"] == "request"] == ["first"] + ["more"] * 10
    [warning] = [line for line in lines if line["message"] == "access lines dropped"]
    assert (warning["lines"], warning["level"]) == (15, "warning")


class BrokenStream(BlockedStream):
    """A stream that fails while it is broken."""

    broken = True

    def write(self, text: str) -> None:
        if self.broken:
            self.blocked.set()
            raise BrokenPipeError
        self.text += text


def test_broken_stdout_does_not_end_the_log(configure: Callable[[Form], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", stream := BrokenStream())
    configure("json")
    log = AccessLog(as_json=True)
    with log.writing():
        log.record(AccessRecord("lost", "GET", "/", 200, 0.01, time.time()))
        stream.blocked.wait()
        stream.broken = False
        log.record(AccessRecord("kept", "GET", "/", 200, 0.01, time.time()))
    lines = [json.loads(line) for line in stream.text.splitlines()]
    assert [line.get("request_id") for line in lines] == ["kept", None]
    assert (lines[1]["message"], lines[1]["lines"]) == ("access lines dropped", 1)


@pytest.mark.parametrize(("level", "lines"), [(logging.DEBUG, 4), (logging.INFO, 2), (logging.WARNING, 0)])
def test_health_check_that_succeeds_is_below_info(
    level: int, lines: int, configure: Callable[[Form], None], capsys: pytest.CaptureFixture[str]
) -> None:
    configure("json")
    logging.getLogger().setLevel(level)
    log = AccessLog(as_json=True)
    with log.writing():
        for path, status in (("/livez", 200), ("/readyz", 200), ("/readyz", 503), ("/graphql", 200)):
            log.record(AccessRecord("mine", "GET", path, status, 0.01, time.time()))
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(written) == lines
    for line in written:
        is_probe = line["path"] in ("/livez", "/readyz") and line["status"] == 200
        assert line["level"] == ("debug" if is_probe else "info")
