"""Sends hostile input to a running service over HTTP and WebSocket. No answer may be an internal error."""

import asyncio
import json
from contextlib import suppress

import httpx
from websockets import connect
from websockets.exceptions import ConnectionClosed, InvalidMessage

from tests.fuzz.campaign import FORBIDDEN, Report
from tests.fuzz.hostile import HostileGenerator, HostileRequest

CONCURRENCY = 8
# This share of the input is WebSocket messages. The rest is HTTP requests.
WEBSOCKET_SHARE = 0.2
MESSAGES_PER_CONNECTION = 40
# The answers to a message that the service ignores never come.
ANSWER_SECONDS = 0.002
STREAM_SECONDS = 20.0


async def hostile_campaign(url: str, count: int, seed: int, report: Report) -> None:
    """Send `count` requests and messages. The seed determines them."""
    generator = HostileGenerator(seed)
    messages = int(count * WEBSOCKET_SHARE)
    limits = httpx.Limits(max_connections=CONCURRENCY)
    async with httpx.AsyncClient(timeout=60, limits=limits) as http:
        for start in range(0, count - messages, CONCURRENCY):
            chunk = [generator.request() for _ in range(min(CONCURRENCY, count - messages - start))]
            await asyncio.gather(*(_send(http, url, request, report) for request in chunk))
    for start in range(0, messages, MESSAGES_PER_CONNECTION):
        await _converse(url, generator, min(MESSAGES_PER_CONNECTION, messages - start), report)


async def _send(http: httpx.AsyncClient, url: str, request: HostileRequest, report: Report) -> None:
    target = httpx.URL(url, query=request.query_string.encode())
    headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in request.headers.items()]
    sent = http.build_request(request.method, target, content=request.body, headers=headers)
    shown = f"{request.method} {request.query_string[:500]} {request.headers} {request.body[:1500]!r}"
    response = await http.send(sent, stream=True)
    try:
        if response.headers.get("content-type", "").startswith("text/event-stream"):
            report.check_text(shown, response.status_code, await _first_event(response))
        else:
            await response.aread()
            if request.method in ("HEAD", "OPTIONS"):
                report.check_text(shown, response.status_code, response.text)
            else:
                report.check(shown, response)
    finally:
        await response.aclose()


async def _first_event(response: httpx.Response) -> str:
    async with asyncio.timeout(STREAM_SECONDS):
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                return line
    return ""


async def _converse(url: str, generator: HostileGenerator, count: int, report: Report) -> None:
    """Send messages over one connection after another, because the service closes those that violate the protocol."""
    sent = 0
    while sent < count:
        with suppress(ConnectionClosed, InvalidMessage):
            async with connect(url.replace("http", "ws"), subprotocols=["graphql-transport-ws"]) as websocket:  # type: ignore[list-item]
                await websocket.send(json.dumps({"type": "connection_init"}))
                await websocket.recv()
                while sent < count:
                    message = generator.message()
                    sent += 1
                    report.messages += 1
                    await websocket.send(message)
                    with suppress(TimeoutError):
                        while True:
                            answer = str(await asyncio.wait_for(websocket.recv(), ANSWER_SECONDS))
                            if any(word in answer for word in FORBIDDEN):
                                report.findings.append(f"WebSocket\n{message!r:.2000}\n{answer[:1000]}")
