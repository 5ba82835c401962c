"""The access log: one line for each request, written by a thread so that a slow reader of stdout delays no request."""

import json
import logging
import math
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

import structlog
from msgspec import Struct
from msgspec.structs import replace

from api.graphql.response import LoggedOperation, OperationRecord

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
# A proxy passes on what it was sent, which can be longer than an address.
MAX_CLIENT_CHARACTERS = 64
# Records gather for this long, so that one write serves many.
_GATHER_SECONDS = 0.05
# How long a stopping process waits for a blocked stdout.
_STOP_SECONDS = 2.0
Level = Literal["debug", "info", "warning"]
_LEVELS: dict[Level, int] = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}
# The health checks of load balancers and orchestrators.
_PROBES = frozenset(("/livez", "/readyz"))
_FIRST_ERROR = 400


class AccessRecord(Struct, gc=False):
    """A request that has ended at `ended_at` (seconds since 1970). `operation` is None if it was not for /graphql.

    client: the address of the client, empty if it is not known. trace_id, span_id: empty for an untraced request.
    """

    request_id: str
    method: str
    path: str
    status: int
    seconds: float
    ended_at: float
    operation: OperationRecord | None = None
    streamed: bool = False
    client: str = ""
    trace_id: str = ""
    span_id: str = ""


class AccessLog:
    """Collects records in the event loop, and writes them in a thread to the handlers of the root logger.

    If the writer cannot keep up, records are dropped, and a warning says how many. `as_json` chooses the form that
    `api.process.logs` configures for all other lines. A request that takes `slow_seconds` or more is a warning, unless
    it is a stream. A health check that succeeds has the level debug.
    """

    def __init__(self, *, as_json: bool, slow_seconds: float = math.inf) -> None:
        self._write = _write_json if as_json else _write_for_people
        self._slow_seconds = slow_seconds
        self._records: deque[tuple[AccessRecord, Level]] = deque()
        # Records that found no room, that could not be written, and that a warning has counted.
        self._dropped, self._unwritten, self._reported = 0, 0, 0
        self._waiting = threading.Event()
        self._stopping = threading.Event()

    def record(self, ended: AccessRecord) -> None:
        """Record the end of a request. Never blocks."""
        level = self._level(ended)
        if not _logger.isEnabledFor(_LEVELS[level]):
            return
        if len(self._records) >= MAX_WAITING_RECORDS:
            self._dropped += 1
            return
        if len(ended.path) > MAX_PATH_CHARACTERS:
            ended = replace(ended, path=ended.path[:MAX_PATH_CHARACTERS] + "…")
        self._records.append((ended, level))
        if not self._waiting.is_set():
            self._waiting.set()

    def _level(self, ended: AccessRecord) -> Level:
        if ended.seconds >= self._slow_seconds and not ended.streamed:
            return "warning"
        # Orchestrators ask several times a second, so only a failed check is worth a line.
        return "debug" if ended.path in _PROBES and ended.status < _FIRST_ERROR else "info"

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


def _write_json(records: Sequence[tuple[AccessRecord, Level]]) -> None:
    text = "".join(_json_line(record, level) for record, level in records)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.acquire()  # lines of other threads must not come in between
            try:
                handler.stream.write(text)
                handler.flush()
            finally:
                handler.release()


def _json_line(record: AccessRecord, level: Level) -> str:
    """Return the line that structlog would write, in a thirtieth of the time."""
    operation = "" if record.operation is None else _operation_json(record.operation.logged, streamed=record.streamed)
    trace = "".join(f', "{name}": "{value}"' for name, value in _trace_fields(record).items())
    return (
        f'{{"method": "{record.method}", "path": {_json_value(record.path)}, "client": {_json_value(record.client)}, '
        f'"status": {record.status}, "milliseconds": {_milliseconds(record.seconds)}{operation}, '
        f'"request_id": "{record.request_id}"{trace}, "level": "{level}", "logger": "{_NAME}", '
        f'"timestamp": "{_timestamp(record.ended_at)}", '
        f'"message": "{"slow request" if level == "warning" else "request"}"}}\n'
    )


@lru_cache(1024)
def _operation_json(operation: LoggedOperation, *, streamed: bool) -> str:
    fields = _operation_fields(operation, streamed=streamed).items()
    return "".join(f', "{name}": {json.dumps(value, ensure_ascii=False)}' for name, value in fields)


@lru_cache(1024)
def _json_value(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _write_for_people(records: Sequence[tuple[AccessRecord, Level]]) -> None:
    for record, level in records:
        fields = {
            "method": record.method,
            "path": record.path,
            "client": record.client,
            "status": record.status,
            "milliseconds": _milliseconds(record.seconds),
            **(_operation_fields(record.operation.logged, streamed=record.streamed) if record.operation else {}),
            "request_id": record.request_id,
            **_trace_fields(record),
            "timestamp": _timestamp(record.ended_at),
        }
        if level == "warning":
            _lines.warning("slow request", **fields)
        else:
            _lines.log(_LEVELS[level], "request", **fields)


def _trace_fields(record: AccessRecord) -> dict[str, str]:
    if not record.trace_id:
        return {}
    return {"trace_id": record.trace_id, "span_id": record.span_id} if record.span_id else {"trace_id": record.trace_id}


def _operation_fields(operation: LoggedOperation, *, streamed: bool) -> dict[str, str | int | bool | None]:
    """Return the fields of a line that describe the operation."""
    outcome, name, document_hash, points = operation
    fields = {"outcome": outcome, "operation": name, "document": document_hash, "points": points}
    return {**fields, "stream": True} if streamed else fields


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _timestamp(at: float) -> str:
    seconds, microseconds = divmod(int(at * 1e6), 1_000_000)
    return f"{_second(seconds)}.{microseconds:06d}Z"


@lru_cache(16)
def _second(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().removesuffix("+00:00")
