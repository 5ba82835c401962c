"""The endpoint /export: the tasks of a workspace or of a view as CSV or JSON Lines, streamed from one snapshot."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.graphql.refusals import spend
from api.graphql.request import RequestError
from api.http.errors import RETRY_AFTER, error_response
from api.http.export_request import MEDIA_TYPES, Wanted, unknown_list, wanted_of
from api.http.exported_text import CSV_HEADER, csv_rows, json_lines
from api.identity.authenticator import Authenticator
from api.identity.stream_watch import StreamWatch
from api.realtime.sse import wait_for_disconnect
from cache.rates.limits import RateLimits
from cache.store import Store
from cache.workspaces import Workspaces
from db.errors import DatabaseError
from db.export import ExportedTask, exported_tasks, snapshot
from db.task_lists import lists_by_id

log = structlog.get_logger(__name__)
# How many exports a worker runs at once. Each has a connection of its own to PostgreSQL.
MAX_EXPORTS = 2
# A longer export would keep PostgreSQL from removing old row versions.
MAX_SECONDS = 3600.0
# What an export costs of a rate limit.
POINTS = 1000


class ExportCut(Exception):
    """An export that ends before its end. The connection closes, so that the client cannot take it for complete."""


class Exports:
    """Answers requests to /export. `stopping` is set when the worker stops."""

    def __init__(
        self,
        workspaces: Workspaces,
        authenticator: Authenticator,
        watch: StreamWatch,
        rate_limits: RateLimits,
        stopping: asyncio.Event,
    ) -> None:
        self._workspaces = workspaces
        self._authenticator = authenticator
        self._watch = watch
        self._rate_limits = rate_limits
        self._stopping = stopping
        self._running = 0

    async def respond(self, request: Request) -> Response:
        """Return the response, which is an error if the request or the caller may not export."""
        try:
            return await self._export(request)
        except RequestError as error:
            return _refusal(error)

    async def _export(self, request: Request) -> Response:
        headers = dict(reversed(request.scope["headers"]))
        caller = await self._authenticator.caller(headers)
        if "tasks:read" not in caller.scopes:
            message = "An export requires the scope tasks:read, which the token does not have. Use a token that has it."
            raise RequestError(403, message, "FORBIDDEN", {"scope": "tasks:read"})
        wanted = wanted_of(request)
        if self._running >= MAX_EXPORTS:
            error = RequestError(
                503,
                f"The worker has reached its limit of {MAX_EXPORTS} exports. Try again.",
                "BUSY",
                {"limit": MAX_EXPORTS},
            )
            error.headers = RETRY_AFTER
            raise error
        self._running += 1
        try:
            await spend(self._rate_limits.allowance(caller), POINTS)
            store = (await self._workspaces.open(caller.workspace)).store
            credential = self._authenticator.credential(headers) if self._authenticator.required else None
        except BaseException:
            self._running -= 1
            raise

        async def send_all(send: Callable[[bytes], Awaitable[None]]) -> None:
            ended: list[str] = []
            with self._watch.watching(credential, caller, ended.append):
                async with asyncio.timeout(MAX_SECONDS), aclosing(_parts(store, wanted)) as parts:
                    async for part in parts:
                        if ended or self._stopping.is_set():
                            raise ExportCut(ended[0] if ended else "The worker stops.")
                        await send(part)

        return _Download(MEDIA_TYPES[wanted.format], f"tasks.{wanted.format}", send_all, self._end)

    def _end(self) -> None:
        self._running -= 1


def _refusal(error: RequestError) -> Response:
    extensions = {name: value for name, value in error.extensions.items() if name != "code"}
    return error_response(error.status, str(error), str(error.extensions["code"]), error.headers, **extensions)


async def _parts(store: Store, wanted: Wanted) -> AsyncGenerator[bytes]:
    encode: Callable[[list[ExportedTask]], bytes] = csv_rows if wanted.format == "csv" else json_lines
    async with snapshot(store.database) as connection:
        await connection.flush()  # before the first part, so that an error has a status
        list_id = wanted.view.list_id
        if list_id is not None and not await lists_by_id(connection, store.workspace, [list_id]):
            raise unknown_list()
        yield CSV_HEADER if wanted.format == "csv" else b""
        async for tasks in exported_tasks(connection, store.workspace, wanted.view):
            yield encode(tasks)


class _Download(Response):
    """A response of unknown length. It starts with its first part, so that an earlier error has its own status."""

    def __init__(
        self,
        media_type: str,
        file_name: str,
        send_all: Callable[[Callable[[bytes], Awaitable[None]]], Awaitable[None]],
        end: Callable[[], None],
    ) -> None:
        headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{file_name}"'}
        super().__init__(headers={**headers, "Content-Type": media_type, "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._send_all = send_all
        self._end = end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response until its end, or until the client has disconnected."""
        sending = asyncio.create_task(self._stream(scope, receive, send))
        left = asyncio.create_task(wait_for_disconnect(receive))
        try:
            await asyncio.wait({sending, left}, return_when="FIRST_COMPLETED")
        finally:
            for task in (sending, left):
                task.cancel()
            await asyncio.gather(sending, left, return_exceptions=True)
            self._end()
        if not sending.cancelled() and (error := sending.exception()) is not None:
            raise error

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_part(part: bytes) -> None:
            nonlocal started
            if not started:
                started = True
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": part, "more_body": True})

        try:
            await self._send_all(send_part)
        except RequestError as error:  # before the first part
            await _refusal(error)(scope, receive, send)
            return
        except (DatabaseError, ExportCut, TimeoutError) as error:
            reason = str(error) or f"it took more than {MAX_SECONDS:,.0f} s"
            if not started:
                await error_response(503, reason, "UNAVAILABLE", RETRY_AFTER)(scope, receive, send)
            else:  # the server closes the connection without the end of the response
                log.warning("export cut", reason=reason)
            return
        await send({"type": "http.response.body", "body": b""})
