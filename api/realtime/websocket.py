"""Subscriptions over WebSocket, by the graphql-transport-ws protocol. Strawberry's handler implements the protocol."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any, cast

import structlog
from graphql import GraphQLError
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry import UNSET
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation

from api.config.origins import SETTING, AllowedOrigins
from api.graphql.json_text import encode_json
from api.graphql.request import RequestError, parse_request
from api.graphql.service import GraphQLService
from api.graphql.shared_events import SubscriptionEvent
from api.identity.authenticator import Authenticator
from api.identity.stream_watch import StreamWatch
from api.realtime.identification import Identification, is_own_origin
from api.realtime.stream_limit import StreamLimit, StreamLimitReached
from api.realtime.websocket_adapter import WebSocketAdapter
from cache.feed.subscriber import SubscriberTooSlow

log = structlog.get_logger(__name__)
# The time that a client has to send `connection_init`.
INIT_TIMEOUT = timedelta(seconds=10)
MAX_SUBSCRIPTIONS_PER_CONNECTION = 50
# Close codes. The client of graphql-ws reconnects after TRY_AGAIN_LATER and after FORBIDDEN, each time with what its
# option `connectionParams` returns then.
TRY_AGAIN_LATER = 1013
FORBIDDEN = 4403
UNKNOWN_PROTOCOL = 4406
# The messages that name a subscription.
_WITH_ID = ("subscribe", "complete")
# Usual clients send 36 characters. Each event repeats the id, and the subscription keeps it.
MAX_ID_CHARACTERS = 256


class GraphQLWebSocket:
    """The ASGI endpoint for WebSocket connections. Among browsers, pages of this site and of `origins` may connect."""

    def __init__(
        self,
        service: GraphQLService,
        authenticator: Authenticator,
        watch: StreamWatch,
        streams: StreamLimit,
        origins: AllowedOrigins,
    ) -> None:
        self._service = service
        self._authenticator = authenticator
        self._watch = watch
        self._streams = streams
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        if not self._origin_is_allowed(websocket):
            self._origins.log_refusal(websocket.headers["origin"], websocket.headers.get("host", ""))
            refusal = f"Pages of this origin may not connect. Add the origin to {SETTING} to allow them."
            await websocket.send_denial_response(PlainTextResponse(refusal, 403))
            return
        supported = GRAPHQL_TRANSPORT_WS_PROTOCOL in scope["subprotocols"]
        await websocket.accept(GRAPHQL_TRANSPORT_WS_PROTOCOL if supported else None)
        adapter = WebSocketAdapter(websocket, self._service.turns)
        if not supported:
            await adapter.close(UNKNOWN_PROTOCOL, f"Subprotocol not acceptable: use {GRAPHQL_TRANSPORT_WS_PROTOCOL}")
            return
        identification = Identification(self._authenticator, self._watch, websocket)
        try:
            if not self._authenticator.required:  # every caller is in the same workspace
                self._streams.check_streams(identification.caller.workspace)
            handler = ConnectionHandler(self._service, adapter, self._streams, identification)
            with self._streams.waiting(handler, handler.end):
                await handler.handle()
        except StreamLimitReached as error:
            await adapter.close(TRY_AGAIN_LATER, str(error))

    def _origin_is_allowed(self, connection: HTTPConnection) -> bool:
        # Only browsers send an origin, and only they can be abused by another site's page.
        origin = connection.headers.get("origin")
        return origin is None or origin in self._origins or is_own_origin(connection)


class ConnectionHandler(BaseGraphQLTransportWSHandler[None, None]):
    """One connection and its subscriptions."""

    def __init__(
        self, service: GraphQLService, adapter: WebSocketAdapter, streams: StreamLimit, identification: Identification
    ) -> None:
        self._adapter = adapter
        super().__init__(
            # The base class asks it only whether a client may connect.
            view=cast("Any", self),
            websocket=cast("Any", adapter),
            context=None,
            root_value=None,
            # The base class calls only `schema.stream`, which this class implements.
            schema=cast("Any", self),
            connection_init_wait_timeout=INIT_TIMEOUT,
        )
        self._service = service
        self._streams = streams
        self._identification = identification
        self._init_payload: Any = None
        self._running = ExitStack()

    async def on_ws_connect(self, _context: None) -> Any:
        """Identify the caller by the payload of `connection_init`, or close the connection."""
        try:
            watched = await self._identification.identify(self._init_payload, self.end)
            self._running.enter_context(self._streams.reserve_stream(self._identification.caller.workspace, self.end))
        except StreamLimitReached as error:
            await self._adapter.close(TRY_AGAIN_LATER, str(error))
            raise ConnectionRejectionError from error
        except RequestError as error:
            await self._adapter.close(FORBIDDEN if error.status < 500 else TRY_AGAIN_LATER, str(error))
            raise ConnectionRejectionError from error
        finally:
            self._init_payload = None
            self._streams.end_waiting(self)
        self._running.enter_context(watched)
        return UNSET

    def end(self, reason: str) -> None:
        """Close the connection, after which the client connects again with a token that is valid then."""
        self._closing = asyncio.create_task(self._adapter.close(TRY_AGAIN_LATER, reason))

    async def stream(self, document: str, **options: Any) -> AsyncGenerator[SubscriptionEvent, None]:
        """Return the events of a subscription. Each subscription has its own context."""
        return await self._service.subscribe(
            document, options["variable_values"], options["operation_name"], self._identification.caller
        )

    async def run_operation(self, operation: Operation[None, None]) -> None:
        """Run a subscription until it ends. Refuse it if the worker has too many, or the caller too few points."""
        try:
            caller = self._identification.caller
            with self._streams.reserve_subscription(caller.workspace, self.end):
                await self._service.charge(operation.query, operation.variables, operation.operation_name, caller)
                await super().run_operation(operation)
        except RequestError as error:
            await self._refuse(operation, error)
        except StreamLimitReached as error:
            await self._refuse(operation, RequestError(503, str(error), "BUSY", {"limit": error.limit}))

    @staticmethod
    async def _refuse(operation: Operation[None, None], refusal: RequestError) -> None:
        await operation.send_operation_message(cast("Any", _error_message(operation.id, [refusal.formatted])))

    async def _send_result_stream(self, operation: Operation[None, None], result_source: Any) -> None:
        # Of what the client sent, only the id stays for the time of the subscription.
        operation.query, operation.variables = "", None
        start = b'{"id":' + encode_json(operation.id) + b',"type":"next","payload":'
        try:
            async for event in result_source:
                if event.errors is not None:
                    await operation.send_operation_message(cast("Any", _error_message(operation.id, event.errors)))
                    return
                await self._adapter.send(start + event.body + b"}")
        except SubscriberTooSlow as error:
            await self.websocket.close(TRY_AGAIN_LATER, str(error))
            raise

    async def shutdown(self) -> None:
        """End the subscriptions of a connection that has ended. Each takes a turn, because there may be thousands."""
        self._running.close()
        for id_ in list(self.operations):
            await self._service.turns.turn()
            await self.cleanup_operation(id_)
        await super().shutdown()

    async def handle_message(self, message: Any) -> None:
        """Check what the base class does not check, then let it handle the message."""
        if not isinstance(message, dict):
            await self.handle_invalid_message("A message must be a JSON object")
            return
        try:
            await self._handle_object(message)
        finally:
            message.clear()  # the base class keeps the message until the next one comes

    async def _handle_object(self, message: dict[str, Any]) -> None:
        id_ = message.get("id")
        if message.get("type") in _WITH_ID and not (isinstance(id_, str) and 1 <= len(id_) <= MAX_ID_CHARACTERS):
            await self.handle_invalid_message(
                f"The id of a message must be a string of 1 to {MAX_ID_CHARACTERS} characters"
            )
            return
        if message.get("type") == "connection_init":
            self._init_payload = message.get("payload")
        if message.get("type") == "subscribe" and self.connection_acknowledged:
            try:
                message["payload"] = await self._checked_payload(message)
            except RequestError as error:
                await self.send_message(cast("Any", _error_message(message["id"], [error.formatted])))
                return
        await super().handle_message(cast("Any", message))

    async def _checked_payload(self, message: dict[str, Any]) -> dict[str, Any]:
        """Return the payload of a `subscribe` message as the base class expects it. Raises `RequestError`."""
        if len(self.operations) >= MAX_SUBSCRIPTIONS_PER_CONNECTION and message["id"] not in self.operations:
            raise RequestError(
                400,
                f"This connection has reached its limit of {MAX_SUBSCRIPTIONS_PER_CONNECTION} subscriptions. "
                "Complete one of them, or open another connection.",
                "TOO_MANY_SUBSCRIPTIONS",
                {"limit": MAX_SUBSCRIPTIONS_PER_CONNECTION, "requested": len(self.operations) + 1},
            )
        request = parse_request(message.get("payload"))
        caller = self._identification.caller
        document = self._service.document(request, caller)
        await self._service.check_scopes(document, request.operation_name, caller)
        return {"query": document, "variables": request.variables, "operationName": request.operation_name}

    @staticmethod
    def _get_pre_execution_close_reason(_error: GraphQLError) -> str | None:
        # Close the connection for none of them: a client would lose its other subscriptions.
        return None

    async def handle_task_exception(self, error: Exception) -> None:
        """Log an unexpected error. The end of a connection is expected."""
        if not isinstance(error, WebSocketDisconnected | SubscriberTooSlow):
            log.error("unexpected error", exc_info=error)


def _error_message(id_: str, errors: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": id_, "type": "error", "payload": errors}
