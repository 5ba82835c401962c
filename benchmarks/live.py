"""Suite `live`: latency from a mutation to the subscribers, and the memory of many subscribers.

`--count` is the number of subscribers of one worker. The clients run on the same machine, so the latencies
include the work of the clients.
"""

import asyncio
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from websockets import ClientConnection, Subprotocol, connect

from benchmarks.report import Report
from tests.support.service_process import resident, serve

CHANGED = "subscription { taskChanged { kind id task { id version } } }"
CREATE = 'mutation { createTask(input: { title: "A task" }) { task { id } } }'
UPDATE = "mutation ($id: ID!, $title: String!) { updateTask(input: { id: $id, title: $title }) { task { version } } }"
CHANGES = 120
CHANGES_PER_SECOND = 2.0


async def subscribe(url: str) -> ClientConnection:
    """Open a subscription and wait for its first event."""
    websocket = await connect(url.replace("http", "ws"), subprotocols=[Subprotocol("graphql-transport-ws")])
    await websocket.send('{"type": "connection_init"}')
    await websocket.recv()
    await websocket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": CHANGED}}))
    await websocket.recv()
    return websocket


async def receive(websocket: ClientConnection, received: dict[int, list[float]]) -> None:
    """Store the time at which the event of each version arrives."""
    async for text in websocket:
        task = json.loads(text)["payload"]["data"]["taskChanged"]["task"]
        if task is not None:
            received.setdefault(task["version"], []).append(time.perf_counter())


async def deliver(report: Report, url: str, subscribers: int, changes: int, per_second: float) -> list[float]:
    """Return the latency of each delivery in milliseconds, and report the number of missing deliveries."""
    received: dict[int, list[float]] = {}
    sockets = [await subscribe(url) for _ in range(subscribers)]
    receiving = [asyncio.create_task(receive(websocket, received)) for websocket in sockets]
    sent: dict[int, float] = {}
    async with httpx.AsyncClient(timeout=30) as http:

        async def execute(query: str, **variables: Any) -> Any:
            return (await http.post(url, json={"query": query, "variables": variables})).json()["data"]

        id_ = (await execute(CREATE))["createTask"]["task"]["id"]
        began = time.perf_counter()
        for change in range(changes):
            await asyncio.sleep(max(0.0, began + change / per_second - time.perf_counter()))
            at = time.perf_counter()
            version = (await execute(UPDATE, id=id_, title=f"Task {change}"))["updateTask"]["task"]["version"]
            sent[version] = at
    await asyncio.sleep(2)
    for task in receiving:
        task.cancel()
    await asyncio.gather(*(websocket.close() for websocket in sockets))
    missing = sum(subscribers - len(received.get(version, [])) for version in sent)
    report.add(f"{subscribers:,} subscribers, {changes} changes: missing deliveries", missing, "events")
    return [(at - sent[version]) * 1000 for version in sent for at in received.get(version, [])]


def run(report: Report) -> None:
    """Measure 100 subscribers on two workers, then `report.count` subscribers on one worker."""
    with tempfile.TemporaryDirectory() as folder:
        with serve(Path(folder), MILLITASK_WORKERS="2", MILLITASK_LOG_LEVEL="warning") as service:
            url = f"http://127.0.0.1:{service.port}/graphql"
            times = asyncio.run(deliver(report, url, 100, 100, 5))
            report.add_percentiles("change to 100 subscribers of 2 workers", times, 50, 95, 99)
        with serve(Path(folder), MILLITASK_LOG_LEVEL="warning") as service:
            url = f"http://127.0.0.1:{service.port}/graphql"
            asyncio.run(deliver(report, url, report.count, 20, CHANGES_PER_SECOND))  # warms up the service
            report.add("memory of the worker before", resident(service) / 2**20, "MiB")
            times = asyncio.run(deliver(report, url, report.count, CHANGES, CHANGES_PER_SECOND))
            report.add_percentiles(f"change to {report.count:,} subscribers of 1 worker", times, 50, 95, 99)
            report.add("memory of the worker after", resident(service) / 2**20, "MiB")
