"""What a worker keeps for subscribers that are idle: little, whatever they have sent to subscribe."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from websockets import ClientConnection, Subprotocol, connect

from tests.support.raw_client import HEAD, send_all
from tests.support.raw_client import connect as connect_raw
from tests.support.service_process import Service, resident, serve

CHANGED = "subscription { taskChanged { kind } }"
LARGE, COUNT = 900_000, 100
# A tenth of what the subscribers have sent.
MAX_BYTES = COUNT * LARGE // 10

pytestmark = pytest.mark.xdist_group("idle subscribers")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serve(tmp_path_factory.mktemp("idle"), MILLITASK_PAGE_CACHE_MB="0") as running:
        asyncio.run(use(running))
        yield running


async def use(service: Service) -> None:
    """Subscribe and send large messages once, so that the worker's memory has grown to its usual size."""
    async with web_socket(service) as socket:
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": CHANGED}}))
        await socket.recv()
        for _ in range(20):
            await socket.send(json.dumps({"type": "ping", "payload": {"x": "x" * LARGE}}))
            await socket.recv()


@asynccontextmanager
async def web_socket(service: Service) -> AsyncIterator[ClientConnection]:
    address, protocols = f"ws://127.0.0.1:{service.port}/graphql", [Subprotocol("graphql-transport-ws")]
    async with connect(address, subprotocols=protocols) as connection:
        await connection.send('{"type": "connection_init"}')
        await connection.recv()
        yield connection


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"query": CHANGED}) + " " * LARGE,
        json.dumps({"query": CHANGED, "variables": {"unused": "x" * LARGE}}),
        json.dumps({"query": CHANGED, "extensions": {"unused": "x" * LARGE}}),
    ],
    ids=["blanks", "variable", "extension"],
)
def test_event_stream_keeps_no_request(service: Service, body: str) -> None:
    before = resident(service)
    streams = [connect_raw(service.port) for _ in range(COUNT)]
    for stream in streams:
        head = HEAD + b"Accept: text/event-stream\r\nContent-Length: %d\r\n\r\n" % len(body)
        send_all(stream, head + body.encode())
        received = b""
        while b"RESYNC" not in received:
            received += stream.recv(4096)
    after = resident(service)
    for stream in streams:
        stream.close()
    assert after - before <= MAX_BYTES


def test_websocket_subscription_keeps_no_message(service: Service) -> None:
    payload = {"query": CHANGED, "variables": {"unused": "x" * LARGE}}
    asyncio.run(subscribe_and_idle(service, COUNT // 50, 50, {"type": "subscribe", "payload": payload}))


def test_idle_websocket_keeps_no_message(service: Service) -> None:
    asyncio.run(subscribe_and_idle(service, COUNT, 1, {"type": "ping", "payload": {"x": "x" * LARGE}}))


async def subscribe_and_idle(service: Service, sockets: int, messages: int, message: dict[str, object]) -> None:
    before = resident(service)
    async with AsyncExitStack() as stack:
        for _ in range(sockets):
            socket = await stack.enter_async_context(web_socket(service))
            for number in range(messages):
                await socket.send(json.dumps({**message, "id": str(number)}))
                assert json.loads(await socket.recv())["type"] in ("next", "pong")
        assert resident(service) - before <= MAX_BYTES
