"""Reports of unexpected errors to Sentry, or to a service with the same protocol. Reports contain no values."""

import socket
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from types import TracebackType
from typing import Any

import structlog

from api.config.limits import PREFIX
from api.config.settings import SettingsError
from millitask import __version__

_LEVELS = ("error", "critical", "exception")
# How long a stopping process waits until the last reports are sent.
FLUSH_SECONDS = 2.0
# The fields of a log line that a report has as tags. None of them holds what a client has sent.
_TAGS = ("request_id", "trace_id", "logger", "kind", "job", "workspace")
_OWN_LOGGERS = ("api.", "cache.", "db.", "schema.")

# A bug on the path of every request must not make the worker busy with its reports.
MAX_PER_MINUTE = 60

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None]


class ErrorReports:
    """A processor of structlog that reports each log line of an error that has an exception, up to `MAX_PER_MINUTE`.

    Raises `SettingsError` if the SDK of Sentry is not installed, or cannot use the DSN.
    """

    def __init__(self, dsn: str, environment: str, clock: Callable[[], float] = time.monotonic) -> None:
        if find_spec("sentry_sdk") is None:
            raise SettingsError(
                f"{PREFIX}SENTRY_DSN is set, but the SDK of Sentry is not installed. Install the extra: "
                "pip install 'millitask[sentry]'. Or unset the variable."
            )
        # Imported late, because the SDK is an optional extra.
        from sentry_sdk import Client

        self._client: Any = Client(
            dsn,
            release=f"millitask@{__version__}",
            environment=environment,
            server_name=socket.gethostname(),
            default_integrations=False,
            auto_enabling_integrations=False,
            include_local_variables=False,
            max_breadcrumbs=0,
            shutdown_timeout=FLUSH_SECONDS,
        )
        self._clock = clock
        self._minute, self._reported = 0, 0

    def __call__(self, _logger: Any, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        if method in _LEVELS and (info := _exception_info(event.get("exc_info"))) is not None and self._may_report():
            self._report(info, event)
        return event

    def close(self) -> None:
        """Send the reports that wait, for up to `FLUSH_SECONDS`."""
        self._client.close(timeout=FLUSH_SECONDS)

    def _may_report(self) -> bool:
        minute = int(self._clock() // 60)
        if minute != self._minute:
            self._minute, self._reported = minute, 0
        self._reported += 1
        return self._reported <= MAX_PER_MINUTE

    def _report(self, info: ExceptionInfo, line: structlog.typing.EventDict) -> None:
        from sentry_sdk.utils import event_from_exception

        event, hint = event_from_exception(info, client_options=self._client.options)
        for value in event["exception"]["values"]:
            value["value"] = ""  # the message of an exception can quote a title or a token
        event["level"] = "error"
        event["logger"] = str(line.get("logger", ""))
        event["tags"] = {name: str(line[name]) for name in _TAGS if line.get(name)}
        if (state := getattr(info[1].__cause__ or info[1], "sqlstate", None)) is not None:
            event["tags"]["sqlstate"] = state
        if event["logger"].startswith(_OWN_LOGGERS):  # the text of a library's line can hold values
            event["tags"]["line"] = str(line.get("event", ""))
        self._client.capture_event(event, hint=hint)


def _exception_info(given: Any) -> ExceptionInfo | None:
    """Return the exception of a log line in the form of `sys.exc_info`."""
    if isinstance(given, BaseException):
        return type(given), given, given.__traceback__
    if isinstance(given, tuple):
        return given if given[0] is not None else None
    if given:
        type_, error, traceback = sys.exc_info()
        return (type_, error, traceback) if type_ is not None and error is not None else None
    return None
