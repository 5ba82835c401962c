"""`python -m benchmarks.live [subscribers] [seconds]`: how soon a change is heard, and how much one process can tell.

Starts the service with two workers and measures from before the mutation is sent until each subscriber has the event;
then one worker with many subscribers, and its memory. The client shares the machine, so the times are its own as well.
"""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from websockets import ClientConnection, connect

from tests.support.service_process import resident, serve

CHANGED = "subscription { taskChanged { kind id task { id version } } }"
CREATE = 'mutation { createTask(input: { title: "A task" }) { task { id } } }'
UPDATE = "mutation ($id: ID!, $title: String!) { updateTask(input: { id: $id, title: $title }) { task { version } } }"


async def subscriber(url: str) -> ClientConnection:
    """One that has had its first event."""
    websocket = await connect(url.replace("http", "ws"), subprotocols=["graphql-transport-ws"])  # type: ignore[list-item]
    await websocket.send('{"type": "connection_init"}')
    await websocket.recv()
    await websocket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": CHANGED}}))
    await websocket.recv()
    return websocket


async def hear(websocket: ClientConnection, heard: dict[int, list[float]]) -> None:
    """When the event of each version came, for ever."""
    async for text in websocket:
        task = json.loads(text)["payload"]["data"]["taskChanged"]["task"]
        if task is not None:
            heard.setdefault(task["version"], []).append(time.perf_counter())


async def campaign(url: str, subscribers: int, changes: int, rate: float) -> list[float]:
    """Milliseconds from the change to each subscriber."""
    heard: dict[int, list[float]] = {}
    sockets = [await subscriber(url) for _ in range(subscribers)]
    listening = [asyncio.create_task(hear(websocket, heard)) for websocket in sockets]
    sent: dict[int, float] = {}
    async with httpx.AsyncClient(timeout=30) as http:

        async def ask(query: str, **variables: Any) -> Any:
            return (await http.post(url, json={"query": query, "variables": variables})).json()["data"]

        id_ = (await ask(CREATE))["createTask"]["task"]["id"]
        began = time.perf_counter()
        for change in range(changes):
            await asyncio.sleep(max(0.0, began + change / rate - time.perf_counter()))
            at = time.perf_counter()
            version = (await ask(UPDATE, id=id_, title=f"Task {change}"))["updateTask"]["task"]["version"]
            sent[version] = at
    await asyncio.sleep(2)
    for task in listening:
        task.cancel()
    await asyncio.gather(*(websocket.close() for websocket in sockets))
    missing = sum(subscribers - len(heard.get(version, [])) for version in sent)
    print(f"  {changes} changes to {subscribers} subscribers at {rate:g}/s: {missing} deliveries missing")  # noqa: T201 - a benchmark speaks
    return sorted((at - sent[version]) * 1000 for version in sent for at in heard.get(version, []))


def said(name: str, times: list[float]) -> None:
    """Percentiles of milliseconds."""
    at = {percent: times[min(len(times) - 1, int(len(times) * percent / 100))] for percent in (50, 95, 99)}
    print(f"{name}: " + ", ".join(f"p{percent} {value:.1f} ms" for percent, value in at.items()))  # noqa: T201 - a benchmark speaks


def main(subscribers: int, seconds: int) -> None:
    """Prints what was measured."""
    with tempfile.TemporaryDirectory() as folder:
        with serve(Path(folder), MILLITASK_WORKERS="2", MILLITASK_LOG_LEVEL="warning") as service:
            url = f"http://127.0.0.1:{service.port}/graphql"
            said("100 subscribers, 2 processes", asyncio.run(campaign(url, 100, 100, 5)))
        with serve(Path(folder), MILLITASK_LOG_LEVEL="warning") as service:
            url = f"http://127.0.0.1:{service.port}/graphql"
            asyncio.run(campaign(url, subscribers, 20, 2))
            before = resident(service)
            said(f"{subscribers} subscribers, 1 process", asyncio.run(campaign(url, subscribers, seconds * 2, 2)))
            print(f"memory: {before >> 20} MiB before, {resident(service) >> 20} MiB after")  # noqa: T201 - a benchmark speaks


if __name__ == "__main__":
    main(*(int(word) for word in [*sys.argv[1:], *("1000", "60")[len(sys.argv) - 1 :]]))
