"""Subscriptions over WebSocket, by the protocol graphql-transport-ws; Strawberry's handler speaks it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, suppress
from datetime import timedelta
from json import JSONDecodeError
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec
import structlog
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry import UNSET
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived, WebSocketDisconnected
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler

from api.graphql.request import RequestError, operation
from api.http.endpoint import GraphQL
from api.realtime.sse import PATIENCE, TooManyStreams
from cache.feed.subscriber import SubscriberTooSlow

log = structlog.get_logger(__name__)
_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode
# How long a client may take to introduce itself; and how many subscriptions it may have on one connection.
INTRODUCTION = timedelta(seconds=10)
MOST = 50
# Close codes. The client of graphql-ws comes again after this one.
TRY_AGAIN_LATER = 1013
UNKNOWN_PROTOCOL = 4406


class GraphQLSocket:
    """The endpoint for WebSockets. Only pages of its own site may connect, and those of `origins`."""

    def __init__(self, endpoint: GraphQL, origins: Sequence[str]) -> None:
        self._endpoint = endpoint
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        websocket = WebSocket(scope, receive, send)
        if not self._may(websocket):
            refusal = "Pages of this site may not connect. MILLITASK_CORS_ORIGINS says which may."
            await websocket.send_denial_response(PlainTextResponse(refusal, 403))
            return
        speaks = GRAPHQL_TRANSPORT_WS_PROTOCOL in scope["subprotocols"]
        await websocket.accept(GRAPHQL_TRANSPORT_WS_PROTOCOL if speaks else None)
        if not speaks:
            await websocket.close(
                UNKNOWN_PROTOCOL, f"Subprotocol not acceptable: speak {GRAPHQL_TRANSPORT_WS_PROTOCOL}"
            )
            return
        try:
            with self._endpoint.streams.entered():
                await Handler(self._endpoint, websocket).handle()
        except TooManyStreams as error:
            await websocket.close(TRY_AGAIN_LATER, str(error))

    def _may(self, connection: HTTPConnection) -> bool:
        """A browser says which site a page is of; other clients do not, and need not."""
        origin = connection.headers.get("origin")
        if origin is None or origin in self._origins:
            return True
        with suppress(ValueError):  # it may be anything
            return urlsplit(origin).netloc == connection.headers.get("host")
        return False


class Handler(BaseGraphQLTransportWSHandler[None, None]):
    """One connection."""

    def __init__(self, endpoint: GraphQL, websocket: WebSocket) -> None:
        super().__init__(
            view=cast("Any", _Doors()),
            websocket=cast("Any", _Socket(websocket)),
            context=None,
            root_value=None,
            schema=cast("Any", self),
            connection_init_wait_timeout=INTRODUCTION,
        )
        self._endpoint = endpoint

    async def stream(self, text: str, **options: Any) -> AsyncIterator[Any]:
        """As the schema's, but of this endpoint, each with a context of its own."""
        return self._closing(
            await self._endpoint.subscribe(text, options["variable_values"], options["operation_name"])
        )

    async def _closing(self, results: Any) -> AsyncIterator[Any]:
        try:
            async with aclosing(results):
                async for result in results:
                    result.extensions = None
                    yield result
        except SubscriberTooSlow as error:
            await self.websocket.close(TRY_AGAIN_LATER, str(error))
            raise

    async def handle_message(self, message: Any) -> None:
        """Checks what the handler takes for granted."""
        if not isinstance(message, dict):
            await self.handle_invalid_message("A message must be a JSON object")
            return
        if message.get("type") == "subscribe" and self.connection_acknowledged:
            if not isinstance(message.get("id"), str) or not message["id"]:
                await self.handle_invalid_message("The id of a message must be a string")
                return
            try:
                message["payload"] = self._asked(message)
            except RequestError as problem:
                error = {"message": str(problem), "extensions": problem.extensions}
                await self.send_message(cast("Any", {"id": message["id"], "type": "error", "payload": [error]}))
                return
        await super().handle_message(cast("Any", message))

    def _asked(self, message: dict[str, Any]) -> dict[str, Any]:
        """What Strawberry takes, of what was sent. Raises `RequestError`."""
        if len(self.operations) >= MOST and message["id"] not in self.operations:
            raise RequestError(
                400,
                f"A connection may have {MOST} subscriptions, and this would be one more. Complete one, or "
                "open another connection.",
                "TOO_MANY_SUBSCRIPTIONS",
                {"limit": MOST, "requested": len(self.operations) + 1},
            )
        asked = operation(message.get("payload"))
        text = self._endpoint.documents.text(asked, stored_only=False)
        return {"query": text, "variables": asked.variables, "operationName": asked.name}

    async def handle_task_exception(self, error: Exception) -> None:
        """Logs what is not just the end of a connection."""
        if not isinstance(error, WebSocketDisconnected | SubscriberTooSlow):
            log.error("unexpected error", exc_info=error)


class _Doors:
    """The view that the handler asks whether a client may come in: everybody may, until there are identities."""

    async def on_ws_connect(self, _context: None) -> Any:
        return UNSET


class _Socket:
    """The connection as the handler uses it."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncIterator[object]:
        try:
            while self._websocket.application_state != WebSocketState.DISCONNECTED:
                yield _decode(await self._websocket.receive_text())
        except (JSONDecodeError, msgspec.DecodeError, RecursionError, UnicodeError) as error:
            raise NonJsonMessageReceived from error
        except KeyError as error:
            raise NonTextMessageReceived from error
        except WebSocketDisconnect:
            pass

    async def send_json(self, message: Mapping[str, object]) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._websocket.send_text(_encode(message).decode())
        except TimeoutError:
            await self.close(TRY_AGAIN_LATER, f"What was sent was not taken within {PATIENCE:g} s.")
            raise WebSocketDisconnected from None
        except (WebSocketDisconnect, RuntimeError) as error:
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        if self._websocket.application_state != WebSocketState.DISCONNECTED:
            await self._websocket.close(code, reason.encode()[:120].decode(errors="ignore"))
