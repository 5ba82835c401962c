"""A WebSocket of Starlette with the interface that Strawberry's handler uses."""

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived, WebSocketDisconnected

from api.graphql.json_text import NotJson, decode_json, encode_json
from cache.feed.turns import Turns

# RFC 6455 limits a close frame to 125 bytes, two for the code.
_MAX_REASON_BYTES = 120


class WebSocketAdapter:
    """A Starlette WebSocket with the interface that Strawberry's handler uses."""

    def __init__(self, websocket: WebSocket, turns: Turns) -> None:
        self._websocket = websocket
        self._turns = turns

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncIterator[object]:
        try:
            while self._websocket.application_state != WebSocketState.DISCONNECTED:
                # No variable has the text, which would stay in memory until the next message.
                yield decode_json(await self._next_text())
        except NotJson as error:
            raise NonJsonMessageReceived from error
        except KeyError as error:
            raise NonTextMessageReceived from error
        except WebSocketDisconnect:
            pass

    async def _next_text(self) -> str:
        text = await self._websocket.receive_text()
        await self._turns.turn()  # one packet can hold thousands of messages
        return text

    async def send_json(self, message: Mapping[str, object]) -> None:
        await self.send(encode_json(message))

    async def send(self, message: bytes) -> None:
        """Send a message, after the client has received enough of the earlier ones."""
        try:
            await self._websocket.send_text(message.decode())
        except (WebSocketDisconnect, RuntimeError) as error:  # the latter: the server has closed the connection
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        """Close the connection, unless it is closed already, or the client has gone."""
        if self._websocket.application_state != WebSocketState.DISCONNECTED:
            shortened = reason.encode(errors="replace")[:_MAX_REASON_BYTES].decode(errors="ignore")
            with suppress(WebSocketDisconnect, RuntimeError):  # as in `send`
                await self._websocket.close(code, shortened)
