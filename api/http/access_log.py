"""The access log: one line for each request, written by a thread so that a slow reader of stdout delays no request."""

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

import structlog

_NAME = "api.access"
log = structlog.get_logger(_NAME)
_logger = logging.getLogger(_NAME)
# Lines with the time of the request instead of the time of writing.
_lines = structlog.wrap_logger(
    _logger,
    processors=[
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    wrapper_class=structlog.stdlib.BoundLogger,
)
# Bounds on the records that wait to be written: 8 MB with usual paths, at most 45 MB.
MAX_WAITING_RECORDS, MAX_PATH_CHARACTERS = 20_000, 2048
# Records gather for this long, so that one write serves many.
_GATHER_SECONDS = 0.05
# How long a stopping process waits for a blocked stdout.
_STOP_SECONDS = 2.0


class AccessRecord(NamedTuple):
    """A request that has ended. `ended_at` is in seconds since 1970."""

    request_id: str
    method: str
    path: str
    status: int
    seconds: float
    ended_at: float


class AccessLog:
    """Collects records in the event loop, and writes them in a thread to the handlers of the root logger.

    If the writer cannot keep up, records are dropped, and a warning says how many. `as_json` chooses the form that
    `api.process.logs` configures for all other lines.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._write = _write_json if as_json else _write_for_people
        self._records: deque[AccessRecord] = deque()
        # Records that found no room, that could not be written, and that a warning has counted.
        self._dropped, self._unwritten, self._reported = 0, 0, 0
        self._waiting = threading.Event()
        self._stopping = threading.Event()

    def record(self, request_id: str, method: str, path: str, status: int, started: float) -> None:
        """Record the end of a request. `started` is the value of `time.perf_counter` at its start. Never blocks."""
        if not _logger.isEnabledFor(logging.INFO):
            return
        if len(self._records) >= MAX_WAITING_RECORDS:
            self._dropped += 1
            return
        if len(path) > MAX_PATH_CHARACTERS:
            path = path[:MAX_PATH_CHARACTERS] + "…"
        seconds = time.perf_counter() - started
        self._records.append(AccessRecord(request_id, method, path, status, seconds, time.time()))
        if not self._waiting.is_set():
            self._waiting.set()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write the records in a thread during the block, and the rest at the end."""
        thread = threading.Thread(target=self._run, name="access log", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            self._waiting.set()
            thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        stopping = False
        while not stopping:
            self._waiting.wait()
            self._stopping.wait(_GATHER_SECONDS)
            # In this order, a record or a stop that comes after the check is seen in the next round.
            self._waiting.clear()
            stopping = self._stopping.is_set()
            self._write_waiting()

    def _write_waiting(self) -> None:
        records = [self._records.popleft() for _ in range(len(self._records))]
        try:
            self._write(records)
            lost = self._dropped + self._unwritten
            if lost > self._reported:
                log.warning("access lines dropped", lines=lost - self._reported)
                self._reported = lost
        except (OSError, ValueError):  # stdout is broken or closed, which must not end the thread
            self._unwritten += len(records)


def _write_json(records: Sequence[AccessRecord]) -> None:
    text = "".join(map(_json_line, records))
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.acquire()  # lines of other threads must not come in between
            try:
                handler.stream.write(text)
                handler.flush()
            finally:
                handler.release()


def _json_line(record: AccessRecord) -> str:
    """Return the line that structlog would write, in a thirtieth of the time."""
    id_, method, path, status, seconds, ended_at = record
    return (
        f'{{"method": "{method}", "path": {_json_string(path)}, "status": {status}, '
        f'"milliseconds": {_milliseconds(seconds)}, "request_id": "{id_}", "level": "info", "logger": "{_NAME}", '
        f'"timestamp": "{_timestamp(ended_at)}", "message": "request"}}\n'
    )


@lru_cache(256)
def _json_string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _write_for_people(records: Sequence[AccessRecord]) -> None:
    for id_, method, path, status, seconds, ended_at in records:
        _lines.info(
            "request",
            method=method,
            path=path,
            status=status,
            milliseconds=_milliseconds(seconds),
            request_id=id_,
            timestamp=_timestamp(ended_at),
        )


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _timestamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().removesuffix("+00:00") + "Z"
