"""A client of subscriptions over WebSocket, in the protocol `graphql-transport-ws`."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

CHANGED = "subscription { taskChanged { kind rev task { id title description } } }"
# The code by which RFC 6455 names a connection that ended without a close frame.
NO_CLOSE_FRAME = 1006


@asynccontextmanager
async def connected(url: str, *, initialize: bool = True, **options: Any) -> AsyncIterator[ClientConnection]:
    """Connect with the protocol `graphql-transport-ws`. `options` are those of `websockets.connect`."""
    spoken: Any = {"subprotocols": ["graphql-transport-ws"]} | options
    async with connect(url.replace("http", "ws"), **spoken) as websocket:
        if initialize:
            await websocket.send(json.dumps({"type": "connection_init"}))
            assert json.loads(await websocket.recv()) == {"type": "connection_ack"}
        yield websocket


async def subscribe(websocket: ClientConnection, query: str = CHANGED, **payload: Any) -> Any:
    """Subscribe with the id 1, and return the next message."""
    message = {"id": "1", "type": "subscribe", "payload": {"query": query} | payload}
    await websocket.send(json.dumps(message))
    return json.loads(await asyncio.wait_for(websocket.recv(), 60))


async def wait_for_close(websocket: ClientConnection) -> tuple[int, str]:
    """Return the code and the reason of the close frame. Ignores messages before it."""
    try:
        async with asyncio.timeout(60):
            while True:
                await websocket.recv()
    except ConnectionClosed as closing:
        if closing.rcvd is None:
            return NO_CLOSE_FRAME, ""
        return closing.rcvd.code, closing.rcvd.reason
