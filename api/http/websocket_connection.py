"""Connections of WebSockets: uvicorn's protocol, with the limits on slow clients that other connections have."""

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame
from websockets.http11 import MAX_LINE_LENGTH

from api.http.connection_limits import ConnectionLimits, ConnectionLoad
from api.http.refusals import head_too_large


class WebSocketConnection(WebSocketsSansIOProtocol):
    """A WebSocket connection that is closed if its client does not receive what the service sends.

    What has arrived of a message that is not complete counts with the requests that are arriving. A refusal by an HTTP
    response is not logged as an error, as uvicorn alone would do.
    """

    def __init__(self, *arguments: Any, load: ConnectionLoad | None = None, **options: Any) -> None:
        """`load` counts what all connections of the worker hold. If None, the connection has a load of its own."""
        super().__init__(*arguments, **options)
        self._load = load or ConnectionLoad(ConnectionLimits())
        self._timer: asyncio.TimerHandle | None = None
        # What has arrived of a message: its frames, with their heads, and a part of a frame.
        self._unfinished_bytes = 0

    def unsent_bytes(self) -> int:
        """Return the number of bytes that the client has not received."""
        return self.transport.get_write_buffer_size()

    def drop(self) -> None:
        """Close the connection without waiting for the client."""
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Parse what the client sent, and count what has arrived of a message that is not complete."""
        super().data_received(data)
        if not self.handshake_initiated:
            # The whole head has arrived, and `websockets` limits the length of each line of it.
            self.transport.write(head_too_large(MAX_LINE_LENGTH).response())
            self.transport.close()
            return
        unfinished = self._unfinished_bytes + len(data) if self.frames else len(self.conn.reader.buffer)
        if unfinished:
            self._load.receive(self, unfinished - self._unfinished_bytes)
            self._unfinished_bytes = unfinished
        elif self._unfinished_bytes:
            self._end_message()

    def send_receive_event_to_app(self) -> None:
        """Give a complete message to the application."""
        self._end_message()
        if self.curr_msg_data_type == "text" and not self.close_sent and not _is_utf8(self.frames):
            # The base class would log an error of the client as an error of the service.
            self.frames = []
            self.conn.fail(CloseCode.INVALID_DATA, "The text of a message must be UTF-8")
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()

    def handle_text(self, event: Frame) -> None:
        """Receive a message or its first frame. The parser keeps the last frame, so it must not keep the data."""
        super().handle_text(event)
        event.data = b""

    def handle_bytes(self, event: Frame) -> None:
        """Receive a message or its first frame, as `handle_text` does."""
        super().handle_bytes(event)
        event.data = b""

    def handle_cont(self, event: Frame) -> None:
        """Receive a further frame of a message, as `handle_text` does."""
        super().handle_cont(event)
        event.data = b""

    def pause_writing(self) -> None:
        """Limit the time and the bytes of a client that receives messages more slowly than the service sends them."""
        super().pause_writing()
        # The answers to a client's pings do not wait for the client, so no ping is read while it is slow.
        self.transport.pause_reading()
        self._timer = self.loop.call_later(self._load.limits.send_seconds, self.drop)
        self._load.send(self)

    def resume_writing(self) -> None:
        """Continue after the client has received what was sent."""
        self._end_sending()
        if not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop counting this connection."""
        self._end_sending()
        self._end_message()
        # A connection is a part of cycles, which stay until the next garbage collection.
        self.frames.clear()
        self.conn.reader.buffer.clear()
        super().connection_lost(exc)

    async def receive(self) -> Any:
        """Return a message of ASGI."""
        message = await super().receive()
        if not self.writable.is_set() and not self.transport.is_closing():
            self.transport.pause_reading()  # which the base class has resumed
        return message

    async def send(self, message: Any) -> None:
        """Send a message of ASGI."""
        # All subscriptions of a connection wait here. After one has sent, the others may have to wait again.
        while not self.writable.is_set():
            await self.writable.wait()
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True

    def _end_message(self) -> None:
        self._unfinished_bytes = 0
        self._load.end_receiving(self)

    def _end_sending(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._load.end_sending(self)


def _is_utf8(frames: list[bytes]) -> bool:
    try:
        b"".join(frames).decode()
    except UnicodeDecodeError:
        return False
    return True
