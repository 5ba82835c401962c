"""Logging to stdout: JSON lines or lines for people, in the same form for the service and its libraries."""

import atexit
import logging
import sys
from typing import Any

import structlog
from opentelemetry.trace import format_span_id, format_trace_id

from api.config.settings import Settings
from api.graphql.request_id import current_request_id
from db.tracing import current_span

# These libraries log too much below the level of a warning.
_NOISY_LOGGERS = ("yoyo", "asyncio", "uvicorn.error")
# Warns of each attempt to connect, with a name that no setting has. The service reports why it cannot connect itself.
_SILENT_LOGGER = "psycopg.pool"


def configure(settings: Settings) -> None:
    """Configure logging for this process. Lines that belong to a request carry its id, and those of its trace."""
    shared: list[structlog.typing.Processor] = [
        _add_ids,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        *_error_reports(settings),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(settings),
            ],
        )
    )
    level = settings.log_level.upper()
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _NOISY_LOGGERS:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    logging.getLogger(_SILENT_LOGGER).setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _add_ids(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    id_ = current_request_id.get()
    if id_ is not None:
        event.setdefault("request_id", id_)
    if (span := current_span.get()) is not None:
        ids = span.get_span_context()
        event["trace_id"] = format_trace_id(ids.trace_id)
        if span.is_recording():
            event["span_id"] = format_span_id(ids.span_id)
    return event


def _error_reports(settings: Settings) -> list[structlog.typing.Processor]:
    if not settings.sentry_dsn:
        return []
    # Imported late, because most services report no errors.
    from api.telemetry.error_reports import ErrorReports

    reports = ErrorReports(settings.sentry_dsn, settings.profile)
    atexit.register(reports.close)
    return [reports]


def _renderers(settings: Settings) -> list[structlog.typing.Processor]:
    if not settings.logs_as_json:
        # Without the values of variables, among which are tokens and texts of tasks.
        formatter = structlog.dev.RichTracebackFormatter(show_locals=False)
        return [
            structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty(), sort_keys=False, exception_formatter=formatter)
        ]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.UnicodeDecoder(),
        structlog.processors.EventRenamer("message"),
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
