"""The entrance of HTTP: what every request passes, and the short way of the requests to /graphql."""

import asyncio
import re
import time
from collections.abc import Awaitable
from functools import partial

import structlog
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from api.graphql.deadline import ClientDisconnected
from api.graphql.request_id import current_request_id, new_request_id
from api.graphql.response import OperationRecord
from api.http.access_log import MAX_CLIENT_CHARACTERS, AccessLog, AccessRecord
from api.http.body_limit import BodyLimit, BodyTooLarge
from api.http.cors import CrossOrigin
from api.http.endpoint import GraphQLEndpoint, GraphQLResponse
from api.http.errors import RETRY_AFTER, error_response, internal_error
from api.http.exchange import WHOLE_RESPONSE
from api.http.incoming import IncomingRequest
from api.http.reply import Reply
from api.http.request_limit import RequestLimits
from api.http.request_trace import RequestTracing
from api.http.trusted_hosts import TrustedHosts
from api.metrics.requests import RequestMetrics
from api.realtime.stream_limit import StreamLimitReached
from api.telemetry.hive_reports import HiveReports
from cache.usage.usage import Usage
from schema.execution.masking import RETRY_AFTER_SECONDS, SHARE_CODES

log = structlog.get_logger("api.access")
_GRAPHQL = "/graphql"
# The ids that are accepted from clients: nothing that could break a log line or a header.
_CLIENT_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# What the log shows for a request whose client disconnected before the response. The number is that of nginx.
CLIENT_CLOSED_REQUEST = 499
_CLIENT_CLOSED_REQUEST, _INTERNAL_SERVER_ERROR, _BODY_TOO_LARGE, _BUSY = map(
    OperationRecord, ("CLIENT_CLOSED_REQUEST", "INTERNAL_SERVER_ERROR", "BODY_TOO_LARGE", "BUSY")
)
# The outcomes whose response waits until the client may retry: a client that retries at once would keep the worker busy
# with refusals. A waiting response takes no slot.
_PACED = frozenset((*SHARE_CODES.values(), "RATE_LIMITED", "BUSY"))
ENCODED_PATH = "No path of this service contains %. Send the path without percent-encoding."
_PREFLIGHT = {b"origin", b"access-control-request-method"}


class Front:
    """Gives each HTTP request an id, checks its host name and the length of its body, and logs its end.

    Requests to /graphql go straight to the endpoint, because layers of middleware would cost more than most of them.
    The others go to `cors` and the app behind it. A client may choose the id with the header X-Request-Id.
    """

    def __init__(
        self,
        endpoint: GraphQLEndpoint,
        *,
        access_log: AccessLog,
        metrics: RequestMetrics,
        usage: Usage,
        hosts: TrustedHosts,
        requests: RequestLimits,
        bodies: BodyLimit,
        cors: CrossOrigin,
        tracing: RequestTracing | None = None,
        hive_reports: HiveReports | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._access_log = access_log
        self._metrics = metrics
        self._usage = usage
        self._hosts = hosts
        self._requests = requests
        self._bodies = bodies
        self._cors = cors
        self._tracing = tracing
        self._hive_reports = hive_reports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._pass_on(scope, receive, send)
            return
        started = time.perf_counter()
        # Of a header that is repeated, the first value counts.
        headers: dict[bytes, bytes] = dict(reversed(scope["headers"]))
        id_ = _request_id(headers.get(b"x-request-id"))
        client = scope["client"][0][:MAX_CLIENT_CHARACTERS] if scope.get("client") else ""
        request = IncomingRequest(id_, scope["method"], headers, scope["query_string"], receive, client)
        trace = None if self._tracing is None else self._tracing.begin(request, scope)
        reply = Reply(send, id_, trace)
        token = current_request_id.set(id_)
        if trace is not None:
            trace.enter()
        try:
            await self._respond(request, scope, reply)
        except ClientDisconnected:
            reply.status = CLIENT_CLOSED_REQUEST
            reply.record = _CLIENT_CLOSED_REQUEST
        except ClientDisconnect:  # of the routes behind Starlette
            reply.status = CLIENT_CLOSED_REQUEST
        except Exception:
            log.exception("unexpected error")
            if reply.status is None:
                await internal_error(id_)(scope, receive, self._with_cors(scope, reply) or reply)
            reply.record = _INTERNAL_SERVER_ERROR
        finally:
            current_request_id.reset(token)
            if trace is not None:
                reply.end_trace()
            self._record(request, scope, reply, started)

    def _record(self, request: IncomingRequest, scope: Scope, reply: Reply, started: float) -> None:
        """Log and count a request that has ended."""
        seconds, status, record = time.perf_counter() - started, reply.status or 500, reply.record
        ended = AccessRecord(
            request.id,
            request.method,
            scope["path"],
            status,
            seconds,
            time.time(),
            record,
            reply.streamed,
            request.client,
            "" if reply.trace is None else reply.trace.trace_id,
            "" if reply.trace is None else reply.trace.span_id,
        )
        self._access_log.record(ended)
        if record is not None:
            self._metrics.observe(record.name, record.outcome, seconds, reply.received_bytes, reply.sent_bytes)
            if self._hive_reports is not None:
                self._hive_reports.record(record, seconds, request.headers)
            if (caller := request.caller) is not None:
                self._usage.count_request(caller.workspace, caller.actor, record, seconds)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is not an HTTP request, such as a WebSocket connection."""
        if scope["type"] == "websocket":
            host = dict(reversed(scope["headers"])).get(b"host", b"")
            if (refusal := _ambiguity(scope)) is not None:
                refused = error_response(400, refusal, "BAD_REQUEST")
                await WebSocket(scope, receive, send).send_denial_response(refused)
                return
            if not self._hosts.trusts(host):
                await WebSocket(scope, receive, send).send_denial_response(self._hosts.refusal(host))
                return
        await self._cors(scope, receive, send)

    def _respond(self, request: IncomingRequest, scope: Scope, reply: Reply) -> Awaitable[None]:
        """Return what answers the request when it is awaited."""
        host, send = request.headers.get(b"host", b""), self._with_cors(scope, reply)
        # The first part is true for most requests: there is a host, and no header is repeated.
        whole = host and len(request.headers) == len(scope["headers"])
        if not whole and (refusal := _ambiguity(scope)) is not None:
            return error_response(400, refusal, "BAD_REQUEST")(scope, request.receive, send or reply)
        if not self._hosts.trusts(host):
            return self._hosts.refusal(host)(scope, request.receive, send or reply)
        if b"%" in scope["raw_path"]:  # a proxy that hides a path, such as /metrics, compares the encoded form
            return error_response(404, ENCODED_PATH, "NOT_FOUND")(scope, request.receive, send or reply)
        if scope["path"] != _GRAPHQL or self._is_for_app(request):
            try:
                self._bodies.check_announced(request.headers)
            except BodyTooLarge as error:
                return self._bodies.refusal(error)(scope, request.receive, send or reply)
            return self._cors(scope, request.receive, reply)
        return self._answer(request, scope, reply, send)

    def _with_cors(self, scope: Scope, reply: Reply) -> Send | None:
        """Return the function that sends a response with the headers of CORS, or None if no other site is allowed."""
        if not self._cors.is_active:
            return None
        return partial(self._cors.send, send=reply, request_headers=Headers(scope=scope))

    def _is_for_app(self, request: IncomingRequest) -> bool:
        """Return whether a request to /graphql is a preflight of CORS, or for the playground."""
        if request.method == "OPTIONS":
            return request.headers.keys() >= _PREFLIGHT
        return request.method == "GET" and self._endpoint.wants_playground(request)

    async def _answer(self, request: IncomingRequest, scope: Scope, reply: Reply, send: Send | None) -> None:
        """Run the operations of a request, and send the response through `send` or else directly."""
        other: ASGIApp
        try:
            self._bodies.check_announced(request.headers)
            # Before a request has arrived, and after it was answered, a slow client takes no room from others.
            body = await self._bodies.read(request.receive)
        except BodyTooLarge as error:
            other, reply.record = self._bodies.refusal(error), _BODY_TOO_LARGE
        else:
            reply.received_bytes = len(body)
            limit = self._requests.of(body)
            if not limit.acquire():
                other, reply.record = limit.refusal(), _BUSY
            else:
                try:
                    if limit.turns is not None:
                        await limit.turns.turn()
                    response = await self._endpoint.respond(request, body, limit)
                finally:
                    # An event stream can stay open for days. It has a limit of its own, `StreamLimit`.
                    limit.release()
                    body = b""  # which nobody needs any more
                reply.record = response.record
                if response.record.outcome in _PACED:
                    await asyncio.sleep(RETRY_AFTER_SECONDS)
                if isinstance(response, GraphQLResponse):
                    whole = WHOLE_RESPONSE in scope.get("extensions", ())
                    await reply.send(response, request.headers.get(b"accept-encoding", b""), whole=whole, send=send)
                    return
                other, reply.streamed = response, True
                reply.status = response.status_code
                reply.end_trace()  # a stream can stay open for days
        try:
            await other(scope, request.receive, send or reply)
        except StreamLimitReached as error:
            reply.record, reply.streamed = _BUSY, False
            refusal = error_response(503, str(error), "BUSY", RETRY_AFTER, limit=error.limit)
            await refusal(scope, request.receive, send or reply)


def _ambiguity(scope: Scope) -> str | None:
    """Return why it is not clear for which host or for whom a request is. A proxy could read it another way."""
    names = [name for name, _ in scope["headers"]]
    hosts = names.count(b"host")
    # HTTP/1.0 does not require a host.
    if hosts != 1 and (hosts or scope["http_version"] != "1.0"):
        return "The request must have one Host header. Send the name and the port of this service in it."
    if names.count(b"authorization") > 1:
        return "The request has more than one Authorization header. Send one token."
    return None


def _request_id(given: bytes | None) -> str:
    return given.decode() if given is not None and _CLIENT_ID.fullmatch(given) else new_request_id()
