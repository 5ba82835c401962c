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
from api.http import access_log
from api.http.access_log import AccessLog
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
            log.record("mine", "GET", path, 404, time.perf_counter() - 12.3456)
    written = capsys.readouterr().out
    current_request_id.set("mine")
    for path in PATHS:
        structlog.get_logger("api.access").info("request", method="GET", path=path, status=404, milliseconds=12345.6)
    current_request_id.set(None)
    expected = capsys.readouterr().out
    assert TIME.sub("", written) == TIME.sub("", expected)
    assert len(TIME.findall(written)) == len(PATHS)


def test_line_has_the_time_of_the_request(
    configure: Callable[[Form], None], capsys: pytest.CaptureFixture[str]
) -> None:
    configure("json")
    log = AccessLog(as_json=True)
    before = time.time()
    log.record("mine", "POST", "/graphql", 200, time.perf_counter())
    after = time.time()
    with log.writing():
        pass
    line = json.loads(capsys.readouterr().out)
    assert before - 1e-6 <= datetime.fromisoformat(line["timestamp"]).timestamp() <= after


def test_no_lines_below_the_level(configure: Callable[[Form], None], capsys: pytest.CaptureFixture[str]) -> None:
    configure("json")
    logging.getLogger().setLevel(logging.WARNING)
    log = AccessLog(as_json=True)
    with log.writing():
        log.record("mine", "GET", "/", 200, time.perf_counter())
    assert capsys.readouterr().out == ""


def test_long_path_is_cut(configure: Callable[[Form], None], capsys: pytest.CaptureFixture[str]) -> None:
    configure("json")
    log = AccessLog(as_json=True)
    with log.writing():
        log.record("mine", "GET", "/" + "x" * 5000, 404, time.perf_counter())
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
        log.record("first", "GET", "/", 200, time.perf_counter())
        stream.blocked.wait()
        for _ in range(25):
            log.record("more", "GET", "/", 200, time.perf_counter())
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
        log.record("lost", "GET", "/", 200, time.perf_counter())
        stream.blocked.wait()
        stream.broken = False
        log.record("kept", "GET", "/", 200, time.perf_counter())
    lines = [json.loads(line) for line in stream.text.splitlines()]
    assert [line.get("request_id") for line in lines] == ["kept", None]
    assert (lines[1]["message"], lines[1]["lines"]) == ("access lines dropped", 1)
