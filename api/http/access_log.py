"""Middleware that gives each request an id and logs the end of the request."""

import re
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.graphql.request import new_request_id
from api.http.errors import error_response

log = structlog.get_logger("api.access")
# The ids that are accepted from clients: nothing that could break a log line or a header.
_CLIENT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class AccessLog:
    """Gives each HTTP request an id, logs its status and duration, and turns unexpected errors into responses.

    A client may choose the id with the header X-Request-Id. Log lines and the response carry the id.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500
        given = Headers(scope=scope).get("x-request-id", "")
        id_ = given if _CLIENT_ID.fullmatch(given) else new_request_id()
        scope.setdefault("state", {})["request_id"] = id_

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = id_
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=id_):
            try:
                await self._app(scope, receive, send_with_id)
            except Exception:
                log.exception("unexpected error")
                response = error_response(
                    500,
                    f"An unexpected error occurred in the service. Report it with the request id {id_}.",
                    "INTERNAL_SERVER_ERROR",
                    requestId=id_,
                )
                await response(scope, receive, send_with_id)
            finally:
                log.info(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    milliseconds=round((time.perf_counter() - started) * 1000, 1),
                )


def request_id(request: Request) -> str:
    """Return the id that `AccessLog` gave to the request."""
    return str(request.scope["state"]["request_id"])
