"""/graphql: HTTP in, a context for the request, HTTP out."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, cast

import msgspec
import strawberry
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult
from strawberry.types.graphql import OperationType

from api.graphql.accept import EVENTS, HTML, JSON, RESPONSE, SPOKEN, media_type
from api.graphql.persisted_queries import Documents
from api.graphql.request import Operation, RequestError, read
from api.http.middleware import request_id
from api.realtime.sse import EventStream, StreamLimit
from cache.feed.feed import Feed
from cache.metrics import StoreMetrics, traced
from cache.reads.session import Session
from cache.store import Store
from schema.context import Context

_encode = msgspec.json.Encoder().encode
_READS = (OperationType.QUERY,)
_ALL = (OperationType.QUERY, OperationType.MUTATION)
_METHODS = (
    "Send queries by GET or POST, mutations by POST; subscribe over a WebSocket, or by a request that accepts "
    "text/event-stream."
)
TRACE = "x-millitask-trace"


@dataclass(frozen=True)
class EndpointOptions:
    """What may be asked of `/graphql`. Times in seconds."""

    timeout: float = 10.0
    max_batch: int = 0
    traces: bool = True
    get_stored_only: bool = False


class GraphQL:
    """The endpoint, by the GraphQL-over-HTTP specification. `docs/http.md` tells clients the same."""

    def __init__(
        self,
        schema: strawberry.Schema,
        store: Store,
        feed: Feed,
        streams: StreamLimit,
        documents: Documents,
        options: EndpointOptions,
        playground: Callable[[Request], Response] | None,
    ) -> None:
        self._schema = schema
        self._store = store
        self._feed = feed
        self.streams = streams
        self.documents = documents
        self._options = options
        self._playground = playground

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        response = await self._respond(Request(scope, receive))
        response.headers.add_vary_header("Accept")
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        accept = request.headers.get("accept", "")
        form = media_type(accept)
        try:
            if request.method not in ("GET", "POST"):
                raise RequestError(405, _METHODS, "METHOD_NOT_ALLOWED", Allow="GET, POST")
            if self._playground is not None and _wants_page(request, accept):
                return self._playground(request)
            if form is None:
                raise RequestError(406, f"Accept {RESPONSE} or {JSON}: there is no other form.", "NOT_ACCEPTABLE")
            operations = await read(request, self._options.max_batch)
            if form == EVENTS:
                return await self._stream(request, operations)
            if isinstance(operations, Operation):
                result = await self._run(request, operations)
                # What was not run is 400; in the older form it is 200, for clients that know no other.
                return _response(200 if form == JSON or "data" in result else 400, result, form)
            return _response(200, [await self._answer(request, operation) for operation in operations], form)
        except RequestError as problem:
            return _response(
                problem.status, _errors(problem), RESPONSE if form == EVENTS else form or JSON, problem.headers
            )

    async def subscribe(
        self, text: str, variables: dict[str, Any] | None, name: str | None, request: str = ""
    ) -> AsyncIterator[ExecutionResult]:
        """The events of a subscription; without one, the event of what is wrong with it."""
        context = Context(Session(self._store), request or secrets.token_hex(8), self._feed)
        return cast(
            "AsyncIterator[ExecutionResult]",
            await self._schema.subscribe(text, variable_values=variables, context_value=context, operation_name=name),
        )

    async def _stream(self, request: Request, asked: Operation | list[Operation]) -> Response:
        """A subscription as server-sent events. Raises `RequestError`."""
        if isinstance(asked, list):
            raise RequestError(400, "Subscribe in a request of its own for each.", "BATCHING_DISABLED")
        text = self._text(request, asked)
        return EventStream(await self.subscribe(text, asked.variables, asked.name, request_id(request)), self.streams)

    def _text(self, request: Request, operation: Operation) -> str:
        stored_only = request.method == "GET" and self._options.get_stored_only
        return self.documents.text(operation, stored_only=stored_only)

    async def _answer(self, request: Request, operation: Operation) -> dict[str, Any]:
        """One of a batch, which says what is wrong with it in its place."""
        try:
            return await self._run(request, operation)
        except RequestError as problem:
            return _errors(problem)

    async def _run(self, request: Request, operation: Operation) -> dict[str, Any]:
        """The answer to an operation; without `data`, if it was not run. Raises `RequestError`."""
        began, reading = time.perf_counter(), request.method == "GET"
        text = self._text(request, operation)
        context = Context(Session(self._store), request_id(request), self._feed)
        trace = self._options.traces and request.headers.get(TRACE) == "1"
        with traced() if trace else nullcontext() as counts:
            result = await self._execute(text, operation, context, _READS if reading else _ALL)
        ran = result.data is not None or any(error.path for error in result.errors or ())
        if ran and not reading:  # a GET changes nothing, not even this
            self.documents.keep(operation)
        if counts is not None:
            cache = _trace(counts, began, degraded=context.session.cache.degraded)
            result.extensions = {**(result.extensions or {}), "cache": cache}
        return _body(result, ran=ran)

    async def _execute(
        self, text: str, operation: Operation, context: Context, allowed: tuple[OperationType, ...]
    ) -> ExecutionResult:
        try:
            async with asyncio.timeout(self._options.timeout):
                return await self._schema.execute(
                    text,
                    variable_values=operation.variables,
                    context_value=context,
                    operation_name=operation.name,
                    allowed_operation_types=allowed,
                    operation_extensions=operation.extensions,
                )
        except TimeoutError:
            context.session.loader.abandon()
            raise self._too_late(wrote=context.session.wrote) from None
        except InvalidOperationTypeError:
            raise RequestError(405, _METHODS, "METHOD_NOT_ALLOWED", Allow="POST") from None
        except CannotGetOperationTypeError as error:
            raise RequestError(400, error.as_http_error_reason(), "OPERATION_NOT_FOUND") from None

    def _too_late(self, *, wrote: bool) -> RequestError:
        """Of two codes, for a client may try again where nothing was written."""
        limit = round(self._options.timeout * 1000)
        said, numbers = f"The request took longer than the {limit:,} ms that it may", {"limit": limit}
        if wrote:
            problem = f"{said}. It may be done all the same, or in part: read, and decide."
            return RequestError(503, problem, "OUTCOME_UNKNOWN", numbers)
        return RequestError(
            503, f"{said}, and was given up; nothing was changed. Ask for less.", "REQUEST_TIMEOUT", numbers
        )


def _wants_page(request: Request, accept: str) -> bool:
    asked = request.method == "GET" and not request.query_params
    return asked and media_type(accept, (*SPOKEN, HTML)) == HTML


def _trace(counts: StoreMetrics, began: float, *, degraded: bool) -> dict[str, Any]:
    return {
        "hits": counts.hits,
        "misses": counts.misses,
        "sqlQueries": counts.sql_queries,
        "redisRoundTrips": counts.redis_round_trips,
        "degraded": degraded,
        "serverMs": round((time.perf_counter() - began) * 1000, 3),
    }


def _body(result: ExecutionResult, *, ran: bool) -> dict[str, Any]:
    body: dict[str, Any] = {"data": result.data} if ran else {}
    if result.errors:
        body["errors"] = [_formatted(error) for error in result.errors]
    if result.extensions:
        body["extensions"] = result.extensions
    return body


def _formatted(error: GraphQLError) -> dict[str, Any]:
    return dict(error.formatted)


def _errors(problem: RequestError) -> dict[str, Any]:
    return {"errors": [{"message": str(problem), "extensions": problem.extensions}]}


def _response(status: int, body: Any, form: str, headers: dict[str, str] | None = None) -> Response:
    # Nobody between may keep an answer: the next read would be older than a write.
    headers = {"Cache-Control": "no-store", **(headers or {})}
    return Response(_encode(body), status, headers, media_type=f"{form}; charset=utf-8")
