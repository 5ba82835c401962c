"""Connections of WebSockets: uvicorn's protocol, with the limits of other connections on slow clients."""

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from api.http.connection_limits import ConnectionLimits, ConnectionLoad


class WebSocketConnection(WebSocketsSansIOProtocol):
    """A WebSocket connection whose client is cut off if it does not take what the service sends.

    A refusal by an HTTP response is not logged as an error.
    """

    def __init__(self, *arguments: Any, load: ConnectionLoad | None = None, **options: Any) -> None:
        """`load` counts what all connections of the worker hold. None is for a connection on its own."""
        super().__init__(*arguments, **options)
        self._load = load or ConnectionLoad(ConnectionLimits())
        self._timer: asyncio.TimerHandle | None = None

    def unsent_bytes(self) -> int:
        """Return the bytes that wait for the client."""
        return self.transport.get_write_buffer_size()

    def drop(self) -> None:
        """Close the connection without waiting for the client."""
        self.transport.abort()

    def pause_writing(self) -> None:
        """Note that the client takes messages more slowly than the service sends them."""
        super().pause_writing()
        self._timer = self.loop.call_later(self._load.limits.send_seconds, self.drop)
        self._load.send(self)

    def resume_writing(self) -> None:
        """Continue after the client has taken what was sent."""
        self._end_sending()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count nothing for this connection any more."""
        self._end_sending()
        super().connection_lost(exc)

    async def send(self, message: Any) -> None:
        """Send a message of ASGI."""
        # All subscriptions wait for the same client. After one has sent, the others may have to wait again.
        while not self.writable.is_set():
            await self.writable.wait()
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True

    def _end_sending(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._load.end_sending(self)
