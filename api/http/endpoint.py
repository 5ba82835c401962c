"""The endpoint /graphql: HTTP in, HTTP out, by the GraphQL over HTTP specification."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.graphql.accept import EVENT_STREAM, GRAPHQL_JSON, HTML, JSON, SUPPORTED, preferred_media_type
from api.graphql.request import GraphQLRequest, RequestError
from api.graphql.service import SUPPORTED_TRANSPORTS, GraphQLService
from api.http.access_log import request_id
from api.http.errors import RETRY_AFTER, error_response
from api.http.request_reader import read_requests
from api.realtime.sse import EventStream
from api.realtime.stream_limit import StreamLimit, TooManyStreams

_encode = msgspec.json.Encoder().encode
# A request with this header set to 1 gets the cost of its execution in the response.
TRACE_HEADER = "x-millitask-trace"


@dataclass(frozen=True)
class EndpointOptions:
    """Optional features: batches, traces, a limit of GET to stored documents, and the playground."""

    max_batch: int = 0
    traces: bool = True
    get_stored_only: bool = False
    # Returns the page that a browser gets at this address; None for no page.
    playground: Callable[[Request], Response] | None = None


class GraphQLEndpoint:
    """The ASGI endpoint for HTTP requests."""

    def __init__(self, service: GraphQLService, streams: StreamLimit, options: EndpointOptions) -> None:
        self._service = service
        self._streams = streams
        self._options = options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._respond(Request(scope, receive))
        response.headers.add_vary_header("Accept")
        try:
            await response(scope, receive, send)
        except TooManyStreams as error:
            refusal = error_response(503, str(error), "BUSY", RETRY_AFTER, limit=error.limit)
            await refusal(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        accept = request.headers.get("accept", "")
        media_type = preferred_media_type(accept)
        try:
            if request.method not in ("GET", "POST"):
                raise RequestError(405, SUPPORTED_TRANSPORTS, "METHOD_NOT_ALLOWED", Allow="GET, POST")
            if self._options.playground is not None and _wants_html(request, accept):
                return self._options.playground(request)
            if media_type is None:
                raise RequestError(
                    406, f"The Accept header must allow {GRAPHQL_JSON}, {JSON} or {EVENT_STREAM}.", "NOT_ACCEPTABLE"
                )
            given = await read_requests(request, self._options.max_batch)
            if media_type == EVENT_STREAM:
                return await self._subscribe(request, given)
            if isinstance(given, list):
                return _response(200, [await self._run_batched(request, item) for item in given], media_type)
            body = await self._run(request, given)
            # Clients that accept only application/json expect 200 even for an operation that did not run.
            return _response(200 if media_type == JSON or "data" in body else 400, body, media_type)
        except RequestError as error:
            media_type = GRAPHQL_JSON if media_type == EVENT_STREAM else media_type or JSON
            return _response(error.status, _error_body(error), media_type, error.headers)

    async def _subscribe(self, request: Request, given: GraphQLRequest | list[GraphQLRequest]) -> Response:
        if isinstance(given, list):
            raise RequestError(
                400, "A batch cannot subscribe. Send each subscription in its own request.", "BATCHING_DISABLED"
            )
        document = self._service.document(given, stored_only=self._stored_only(request))
        results = await self._service.subscribe(document, given.variables, given.operation_name, request_id(request))
        return EventStream(results, self._streams)

    async def _run_batched(self, request: Request, item: GraphQLRequest) -> dict[str, Any]:
        """Run one operation of a batch. An error becomes the body of this operation only."""
        try:
            return await self._run(request, item)
        except RequestError as error:
            return _error_body(error)

    async def _run(self, request: Request, given: GraphQLRequest) -> dict[str, Any]:
        return await self._service.execute(
            given,
            request_id(request),
            read_only=request.method == "GET",
            stored_only=self._stored_only(request),
            trace=self._options.traces and request.headers.get(TRACE_HEADER) == "1",
        )

    def _stored_only(self, request: Request) -> bool:
        return request.method == "GET" and self._options.get_stored_only


def _wants_html(request: Request, accept: str) -> bool:
    has_operation = request.method != "GET" or request.query_params
    return not has_operation and preferred_media_type(accept, (*SUPPORTED, HTML)) == HTML


def _error_body(error: RequestError) -> dict[str, Any]:
    return {"errors": [error.formatted]}


def _response(status: int, body: Any, media_type: str, headers: dict[str, str] | None = None) -> Response:
    # A cached response could be older than a write that the client has made since.
    headers = {"Cache-Control": "no-store", **(headers or {})}
    return Response(_encode(body), status, headers, media_type=f"{media_type}; charset=utf-8")
