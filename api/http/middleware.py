"""What happens to every request: an id, a line in the log, and limits on how many and how large."""

import re
import secrets
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger("api.access")
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Seconds after which a client that was sent away may try again.
RETRY_AFTER = "1"


def error_response(
    status: int, message: str, code: str, headers: dict[str, str] | None = None, **more: int | str
) -> JSONResponse:
    """An error outside of GraphQL, in GraphQL's form."""
    error = {"message": message, "extensions": {"code": code, **more}}
    return JSONResponse({"errors": [error]}, status_code=status, headers=headers)


class RequestLog:
    """Gives each request an id (the client's own, if it sent one), and logs its end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _ID.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            except Exception:
                log.exception("unexpected error")
                response = error_response(
                    500,
                    f"Something went wrong on our side. Report it with the request id {request_id}.",
                    "INTERNAL_SERVER_ERROR",
                    requestId=request_id,
                )
                await response(scope, receive, send_with_id)
            finally:
                log.info(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    milliseconds=round((time.perf_counter() - began) * 1000, 1),
                )


class RequestLimit:
    """Answers 503 with Retry-After beyond so many requests at once, rather than let them queue."""

    def __init__(self, app: ASGIApp, limit: int, path: str) -> None:
        self._app = app
        self._limit = limit
        self._path = path
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or not scope["path"].startswith(self._path):
            await self._app(scope, receive, send)
            return
        if self._in_flight >= self._limit:
            response = error_response(
                503,
                f"The server is answering {self._limit} requests, which is as many as it may. Try again.",
                "BUSY",
                {"Retry-After": RETRY_AFTER},
                limit=self._limit,
            )
            await response(scope, receive, send)
            return
        held = 1
        self._in_flight += held

        async def send_on(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start" and _streams(message):
                self._in_flight -= held
                held = 0
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        finally:
            self._in_flight -= held


def _streams(start: Message) -> bool:
    """Whether this response is a stream of events, which may go on for days and has a limit of its own."""
    return Headers(raw=start["headers"]).get("content-type", "").startswith("text/event-stream")


class BodyLimit:
    """Answers 413 to a body over the limit, before it is read whole."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        body, more = b"", True
        size = int(announced) if announced.isdigit() else None
        if size is None or size > self._limit:
            more, body = False, b" " * (self._limit + 1)
        while more and len(body) <= self._limit:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if len(body) > self._limit:
            # How large it is in all, nobody knows who has not read it, unless it was said.
            size = max(size or 0, len(body))
            response = error_response(
                413,
                f"The body of a request may be {self._limit:,} bytes at most, and this has {size:,} or more. "
                "Send fewer tasks in each.",
                "BODY_TOO_LARGE",
                {"Connection": "close"},
                limit=self._limit,
                requested=size,
            )
            await response(scope, receive, send)
            return
        pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return pending.pop() if pending else await receive()

        await self._app(scope, replay, send)


def request_id(request: Request) -> str:
    """The id that `RequestLog` gave."""
    return str(request.scope["state"]["request_id"])
