"""One request and its response on a connection, with the extension of ASGI for whole responses."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

# The extension of ASGI by which an application sends a whole response in one message. Its members: `status`; `head`,
# the lines of the headers; and `body`, whose length one of the headers announces. Nothing checks the headers.
WHOLE_RESPONSE = "millitask.response"
EXTENSIONS: dict[str, dict[str, Any]] = {WHOLE_RESPONSE: {}}


class Exchange(RequestResponseCycle):
    """One request and its response, which can be sent in one message and then takes one call of the system."""

    response_bytes = 0

    async def send(self, message: Any) -> None:
        """Send a message of ASGI or of the extension `WHOLE_RESPONSE`."""
        # A body that is sent in parts is held in parts too, so the largest part counts.
        self.response_bytes = max(self.response_bytes, len(message.get("body", b"")))
        if message["type"] != WHOLE_RESPONSE:
            await super().send(message)
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if self.response_started:
            raise RuntimeError("A whole response was sent after another response had started.")
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        head = [STATUS_LINE[message["status"]]]
        for name, value in self.default_headers:
            head += (name, b": ", value, b"\r\n")
        head += (message["head"], b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n")
        self.transport.writelines((b"".join(head), b"" if self.scope["method"] == "HEAD" else message["body"]))
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
