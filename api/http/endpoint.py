"""The endpoint /graphql: a request in, a response out, by the GraphQL over HTTP specification."""

from collections.abc import Awaitable
from dataclasses import dataclass
from functools import partial

from msgspec import Struct

from api.graphql.accept import (
    EVENT_STREAM,
    GRAPHQL_JSON,
    HTML,
    JSON,
    SUPPORTED,
    error_media_type,
    preferred_media_type,
)
from api.graphql.json_text import encode_json
from api.graphql.request import GraphQLRequest, RequestError
from api.graphql.response import OK, OperationRecord, ResponseBody
from api.graphql.service import SUPPORTED_TRANSPORTS, GraphQLService
from api.http.incoming import IncomingRequest
from api.http.request_limit import RequestLimit
from api.http.request_reader import read_requests
from api.identity.authenticator import Authenticator
from api.identity.stream_watch import StreamWatch
from api.realtime.sse import EventStream
from api.realtime.stream_limit import StreamLimit
from db.caller import Caller

# A request with this header set to 1 gets the cost of its execution in the response.
TRACE_HEADER = "x-millitask-trace"
_TRACE_HEADER = TRACE_HEADER.encode()
# The response to a request with this header set to 1 has the header too: where a subscription can start.
REV_HEADER = "X-Millitask-Rev"
_REV_HEADER = REV_HEADER.lower().encode()


@dataclass(frozen=True)
class EndpointOptions:
    """Optional features: batches, traces, a limit of GET to stored documents, and the playground."""

    max_batch: int = 0
    traces: bool = True
    get_stored_only: bool = False
    # Whether a browser that asks for HTML gets a page at this address.
    playground: bool = False


class GraphQLResponse(Struct, gc=False):
    """A JSON response that is not sent yet. `headers` are those of an error, of a rate limit and of the feed."""

    status: int
    body: ResponseBody
    media_type: str
    headers: dict[str, str] | None = None

    @property
    def record(self) -> OperationRecord:
        """What logs and metrics tell of the operation."""
        return self.body.record


class GraphQLEndpoint:
    """Answers the requests to /graphql."""

    def __init__(
        self,
        service: GraphQLService,
        authenticator: Authenticator,
        watch: StreamWatch,
        streams: StreamLimit,
        options: EndpointOptions,
    ) -> None:
        self._service = service
        self._authenticator = authenticator
        self._watch = watch
        self._streams = streams
        self._options = options

    def wants_playground(self, request: IncomingRequest) -> bool:
        """Return whether the request is for the page instead of the API."""
        if not self._options.playground or request.method != "GET":
            return False
        if preferred_media_type(request.header(b"accept"), (*SUPPORTED, HTML)) != HTML:
            return False
        return not request.query_string.strip(b"&")

    async def respond(
        self, request: IncomingRequest, body: bytes, slots: RequestLimit
    ) -> GraphQLResponse | EventStream:
        """Run the operations of a request. Raises `ClientDisconnected` if nobody waits for the response."""
        accept = request.header(b"accept")
        media_type = preferred_media_type(accept)
        try:
            if request.method not in ("GET", "POST"):
                raise RequestError(405, SUPPORTED_TRANSPORTS, "METHOD_NOT_ALLOWED", Allow="GET, POST")
            if media_type is None:
                raise RequestError(
                    406, f"The Accept header must allow {GRAPHQL_JSON}, {JSON} or {EVENT_STREAM}.", "NOT_ACCEPTABLE"
                )
            aside = slots.step_aside()
            try:
                request.caller = caller = await self._authenticator.caller(
                    request.headers, reads=request.method == "GET"
                )
            finally:
                if aside:
                    slots.step_back()
            workspace = caller.workspace
            slots.enter(workspace)
            turns = slots.workspaces
            try:
                if turns.must_wait(workspace):
                    await turns.wait(workspace)
                turns.begin(workspace)
                try:
                    return await self._respond_to(request, body, caller, accept, media_type)
                finally:
                    turns.end(workspace)
            finally:
                slots.leave(workspace)
        except RequestError as error:
            media_type = error_media_type(accept)
            return GraphQLResponse(error.status, _error_body(error), media_type, error.headers)

    async def _respond_to(
        self, request: IncomingRequest, body: bytes, caller: Caller, accept: str, media_type: str
    ) -> GraphQLResponse | EventStream:
        given = read_requests(request, body, self._options.max_batch)
        if EVENT_STREAM in accept and not isinstance(given, list):
            media_type = await self._fitting_type(request, given, accept, caller) or media_type
        if media_type == EVENT_STREAM:
            return await self._subscribe(request, given, caller)
        # Before the operation reads anything, so that no change falls between what it reads and the rev.
        rev = await self._service.feed_rev(caller) if request.headers.get(_REV_HEADER) == b"1" else None
        if isinstance(given, list):
            result = _joined([await self._run_batched(request, item, caller) for item in given])
        else:
            result = await self._run(request, given, caller)
        # Clients that accept only application/json expect 200 even for an operation that did not run.
        status = 200 if media_type == JSON or result.executed else 400
        headers = self._service.rate_limit_headers(caller)
        if rev is not None:
            headers = {**(headers or {}), REV_HEADER: rev}
        return GraphQLResponse(status, result, media_type, headers)

    async def _fitting_type(
        self, request: IncomingRequest, given: GraphQLRequest, accept: str, caller: Caller
    ) -> str | None:
        """Return the accepted type that fits the operation: a stream for a subscription, else JSON."""
        document = self._service.document(given, caller, stored_only=self._stored_only(request))
        is_subscription = await self._service.is_subscription(document, given.operation_name, caller)
        return preferred_media_type(accept, (EVENT_STREAM,) if is_subscription else (JSON, GRAPHQL_JSON))

    async def _subscribe(
        self, request: IncomingRequest, given: GraphQLRequest | list[GraphQLRequest], caller: Caller
    ) -> EventStream:
        if isinstance(given, list):
            raise RequestError(
                400, "A batch cannot subscribe. Send each subscription in its own request.", "BATCHING_DISABLED"
            )
        document = self._service.document(given, caller, stored_only=self._stored_only(request))
        await self._service.charge(document, given.variables, given.operation_name, caller)
        events = await self._service.subscribe(document, given.variables, given.operation_name, caller, request.id)
        record = self._service.record(document, given.operation_name)
        credential = self._authenticator.credential(request.headers) if self._authenticator.required else None
        watching = partial(self._watch.watching, credential, caller)
        stream = EventStream(events, self._streams, record, watching, caller.workspace)
        stream.headers.add_vary_header("Accept")
        return stream

    async def _run_batched(self, request: IncomingRequest, item: GraphQLRequest, caller: Caller) -> ResponseBody:
        """Run one operation of a batch. An error becomes the body of this operation only."""
        try:
            return await self._run(request, item, caller)
        except RequestError as error:
            return _error_body(error)

    def _run(self, request: IncomingRequest, given: GraphQLRequest, caller: Caller) -> Awaitable[ResponseBody]:
        return self._service.execute(
            given,
            request.id,
            caller,
            read_only=request.method == "GET",
            stored_only=self._stored_only(request),
            trace=self._options.traces and request.headers.get(_TRACE_HEADER) == b"1",
            disconnect=request.disconnect,
            address=request.client,
        )

    def _stored_only(self, request: IncomingRequest) -> bool:
        return request.method == "GET" and self._options.get_stored_only


def _joined(bodies: list[ResponseBody]) -> ResponseBody:
    outcome = next((item.record.outcome for item in bodies if item.record.outcome != OK), OK)
    record = OperationRecord(outcome, "(batch)", points=sum(item.record.points or 0 for item in bodies))
    return ResponseBody(b"[" + b",".join(item.body for item in bodies) + b"]", record, executed=True)


def _error_body(error: RequestError) -> ResponseBody:
    return ResponseBody(encode_json({"errors": [error.formatted]}), error.record, executed=False)
