"""Tests what the service does when a client has gone before its connection could be closed."""

from typing import Any, cast

import pytest
from starlette.websockets import WebSocket
from strawberry.http.exceptions import WebSocketDisconnected
from uvicorn.protocols.utils import ClientDisconnected

from api.config.origins import AllowedOrigins
from api.realtime.websocket import GraphQLWebSocket
from api.realtime.websocket_adapter import WebSocketAdapter
from cache.feed.turns import Turns


class GoneClient:
    """A client that leaves as soon as the service has accepted its connection."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def receive(self) -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message["type"])
        if message["type"] != "websocket.accept":
            raise ClientDisconnected


@pytest.fixture
def client() -> GoneClient:
    return GoneClient()


@pytest.fixture
async def adapter(client: GoneClient) -> WebSocketAdapter:
    websocket = WebSocket({"type": "websocket"}, client.receive, client.send)
    await websocket.accept()
    return WebSocketAdapter(websocket, Turns())


async def test_closing_the_connection_of_a_client_that_has_gone_is_no_error(
    client: GoneClient, adapter: WebSocketAdapter
) -> None:
    await adapter.close(4400, "Invalid")
    await adapter.close(4400, "Invalid")
    assert client.sent == ["websocket.accept", "websocket.close"]


async def test_closing_a_connection_that_the_server_has_closed_is_no_error() -> None:
    """The server closes it because of an invalid frame, or a client that answers no ping, and refuses what comes."""

    async def send(message: Any) -> None:
        if message["type"] != "websocket.accept":
            raise RuntimeError("Unexpected ASGI message 'websocket.close', after sending 'websocket.close'.")

    websocket = WebSocket({"type": "websocket"}, GoneClient().receive, send)
    await websocket.accept()
    adapter = WebSocketAdapter(websocket, Turns())
    with pytest.raises(WebSocketDisconnected):
        await adapter.send(b"{}")
    await adapter.close(4400, "Invalid")


async def test_sending_to_a_client_that_has_gone_ends_the_stream(adapter: WebSocketAdapter) -> None:
    with pytest.raises(WebSocketDisconnected):
        await adapter.send(b"{}")


async def test_client_without_the_protocol_may_leave_before_it_is_refused(client: GoneClient) -> None:
    class Service:
        turns = Turns()

    none = cast("Any", None)
    endpoint = GraphQLWebSocket(cast("Any", Service), none, none, none, AllowedOrigins(()))
    scope = {"type": "websocket", "headers": [], "subprotocols": []}
    await endpoint(scope, client.receive, client.send)
    assert client.sent == ["websocket.accept", "websocket.close"]
