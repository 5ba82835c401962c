"""Connections of WebSockets: uvicorn's protocol, which takes a refusal for an error of the application."""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class WebSocketConnection(WebSocketsSansIOProtocol):
    """A WebSocket connection whose refusal by an HTTP response is not logged as an error."""

    async def send(self, message: Any) -> None:
        """Send a message of ASGI."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True
