"""Subscriptions over WebSocket, by the graphql-transport-ws protocol. Strawberry's handler implements the protocol."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, suppress
from datetime import timedelta
from typing import Any, cast
from urllib.parse import urlsplit

import structlog
from graphql import GraphQLError
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry import UNSET
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived, WebSocketDisconnected
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler

from api.config.origins import SETTING, USUAL_PORTS, AllowedOrigins
from api.graphql.json_text import NotJson, decode_json, encode_json
from api.graphql.request import RequestError, parse_request
from api.graphql.service import GraphQLService
from api.realtime.sse import SEND_TIMEOUT_SECONDS
from api.realtime.stream_limit import StreamLimit, TooManyStreams
from cache.feed.subscriber import SubscriberTooSlow

log = structlog.get_logger(__name__)
# The time that a client has to send `connection_init`.
INIT_TIMEOUT = timedelta(seconds=10)
MAX_SUBSCRIPTIONS_PER_CONNECTION = 50
# Close codes. The client of graphql-ws reconnects after TRY_AGAIN_LATER.
TRY_AGAIN_LATER = 1013
UNKNOWN_PROTOCOL = 4406
# The messages that name a subscription.
_WITH_ID = ("subscribe", "complete")
# RFC 6455 limits a close frame to 125 bytes, two for the code.
_MAX_REASON_BYTES = 120


class GraphQLWebSocket:
    """The ASGI endpoint for WebSocket connections. Among browsers, pages of this site and of `origins` may connect."""

    def __init__(self, service: GraphQLService, streams: StreamLimit, origins: AllowedOrigins) -> None:
        self._service = service
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
        if not supported:
            await websocket.close(UNKNOWN_PROTOCOL, f"Subprotocol not acceptable: use {GRAPHQL_TRANSPORT_WS_PROTOCOL}")
            return
        try:
            with self._streams.reserve():
                await ConnectionHandler(self._service, websocket).handle()
        except TooManyStreams as error:
            await websocket.close(TRY_AGAIN_LATER, str(error))

    def _origin_is_allowed(self, connection: HTTPConnection) -> bool:
        # Only browsers send an origin, and only they can be abused by another site's page.
        origin = connection.headers.get("origin")
        if origin is None or origin in self._origins:
            return True
        with suppress(ValueError):  # both headers can hold any text
            page, host = urlsplit(origin), urlsplit(f"//{connection.headers.get('host', '')}")
            # A proxy may add the usual port to the header Host.
            usual = USUAL_PORTS.get(page.scheme)
            same_host = page.hostname is not None and page.hostname == host.hostname
            return usual is not None and same_host and (page.port or usual) == (host.port or usual)
        return False


class ConnectionHandler(BaseGraphQLTransportWSHandler[None, None]):
    """One connection and its subscriptions."""

    def __init__(self, service: GraphQLService, websocket: WebSocket) -> None:
        super().__init__(
            view=cast("Any", _AcceptAllClients()),
            websocket=cast("Any", _WebSocketAdapter(websocket)),
            context=None,
            root_value=None,
            # The base class calls only `schema.stream`, which this class implements.
            schema=cast("Any", self),
            connection_init_wait_timeout=INIT_TIMEOUT,
        )
        self._service = service

    async def stream(self, document: str, **options: Any) -> AsyncIterator[Any]:
        """Return the events of a subscription. Each subscription has its own context."""
        results = await self._service.subscribe(document, options["variable_values"], options["operation_name"])
        return self._events(results)

    async def _events(self, results: Any) -> AsyncIterator[Any]:
        try:
            async with aclosing(results):
                async for result in results:
                    result.extensions = None
                    yield result
        except SubscriberTooSlow as error:
            await self.websocket.close(TRY_AGAIN_LATER, str(error))
            raise

    async def handle_message(self, message: Any) -> None:
        """Check what the base class does not check, then let it handle the message."""
        if not isinstance(message, dict):
            await self.handle_invalid_message("A message must be a JSON object")
            return
        if message.get("type") in _WITH_ID and not (isinstance(message.get("id"), str) and message["id"]):
            await self.handle_invalid_message("The id of a message must be a string that is not empty")
            return
        if message.get("type") == "subscribe" and self.connection_acknowledged:
            try:
                message["payload"] = self._checked_payload(message)
            except RequestError as error:
                refusal = {"id": message["id"], "type": "error", "payload": [error.formatted]}
                await self.send_message(cast("Any", refusal))
                return
        await super().handle_message(cast("Any", message))

    def _checked_payload(self, message: dict[str, Any]) -> dict[str, Any]:
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
        document = self._service.document(request)
        return {"query": document, "variables": request.variables, "operationName": request.operation_name}

    @staticmethod
    def _get_pre_execution_close_reason(_error: GraphQLError) -> str | None:
        # Close the connection for none of them: a client would lose its other subscriptions.
        return None

    async def handle_task_exception(self, error: Exception) -> None:
        """Log an unexpected error. The end of a connection is expected."""
        if not isinstance(error, WebSocketDisconnected | SubscriberTooSlow):
            log.error("unexpected error", exc_info=error)


class _AcceptAllClients:
    """The view that Strawberry's handler asks whether a client may connect. The service has no user accounts."""

    async def on_ws_connect(self, _context: None) -> Any:
        return UNSET


class _WebSocketAdapter:
    """A Starlette WebSocket with the interface that Strawberry's handler uses."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncIterator[object]:
        try:
            while self._websocket.application_state != WebSocketState.DISCONNECTED:
                yield decode_json(await self._websocket.receive_text())
        except NotJson as error:
            raise NonJsonMessageReceived from error
        except KeyError as error:
            raise NonTextMessageReceived from error
        except WebSocketDisconnect:
            pass

    async def send_json(self, message: Mapping[str, object]) -> None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
                await self._websocket.send_text(encode_json(message).decode())
        except TimeoutError:
            await self.close(
                TRY_AGAIN_LATER, f"The client did not receive a message within {SEND_TIMEOUT_SECONDS:g} s."
            )
            raise WebSocketDisconnected from None
        except (WebSocketDisconnect, RuntimeError) as error:
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        if self._websocket.application_state != WebSocketState.DISCONNECTED:
            shortened = reason.encode(errors="replace")[:_MAX_REASON_BYTES].decode(errors="ignore")
            await self._websocket.close(code, shortened)
