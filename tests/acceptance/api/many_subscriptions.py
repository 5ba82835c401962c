"""Opens all subscriptions that a worker allows, and checks that each of them receives a write."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from websockets import ClientConnection, Subprotocol, connect

CHANGED = "subscription { taskChanged { kind rev task { id } } }"
SUBSCRIBE = json.dumps({"id": "%d", "type": "subscribe", "payload": {"query": CHANGED}})
ATTACKERS, SUBSCRIPTIONS_OF_EACH = 100, 50


async def write_with_subscriptions(port: int, write: Callable[[], None]) -> None:
    """Open 5,000 subscriptions over 100 sockets, next to an honest subscriber, and write once."""
    async with asyncio.timeout(300), AsyncExitStack() as stack:
        honest, *attackers = [await stack.enter_async_context(_websocket(port)) for _ in range(1 + ATTACKERS)]
        assert await _subscribe(honest, 1) == {"0"}
        accepted = [await _subscribe(attacker, SUBSCRIPTIONS_OF_EACH) for attacker in attackers]
        # The honest subscriber has one of the 5,000.
        assert [len(ids) for ids in accepted] == [50] * 99 + [49]
        await asyncio.to_thread(write)
        assert await _created(honest, 1) == {"0"}
        for attacker, ids in zip(attackers, accepted, strict=True):
            assert await _created(attacker, len(ids)) == ids


@asynccontextmanager
async def _websocket(port: int) -> AsyncIterator[ClientConnection]:
    address, protocols = f"ws://127.0.0.1:{port}/graphql", [Subprotocol("graphql-transport-ws")]
    async with connect(address, subprotocols=protocols, max_queue=None) as connection:
        await connection.send('{"type": "connection_init"}')
        await connection.recv()
        yield connection


async def _subscribe(connection: ClientConnection, count: int) -> set[str]:
    """Open subscriptions, and return the ids of those that are accepted."""
    for number in range(count):
        await connection.send(SUBSCRIBE % number)
    types: dict[str, str] = {}
    while len(types) < count:  # a subscription can get a second RESYNC when the feed has connected
        message = await _receive(connection)
        types[message["id"]] = message["type"]
    return {id_ for id_, type_ in types.items() if type_ == "next"}


async def _created(connection: ClientConnection, count: int) -> set[str]:
    """Return the ids of the first subscriptions that receive a created task."""
    ids: set[str] = set()
    while len(ids) < count:
        message = await _receive(connection)
        kind = message["payload"]["data"]["taskChanged"]["kind"]
        assert kind in ("CREATED", "RESYNC")
        if kind == "CREATED":
            ids.add(message["id"])
    return ids


async def _receive(connection: ClientConnection) -> Any:
    return json.loads(await connection.recv())
