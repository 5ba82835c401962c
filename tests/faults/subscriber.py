"""A subscriber that keeps a list of all tasks: it applies events, reads the list again on request, and reconnects."""

import asyncio
import json
from typing import Any

import httpx
from websockets import connect
from websockets.exceptions import WebSocketException

TASK_CHANGED = """
subscription ($after: String) {
  taskChanged(after: $after) { kind id rev task { id title status version } }
}
"""
PAGE = """
query ($after: String) {
  tasks(first: 100, after: $after, orderBy: OLDEST) {
    nodes { id title status version } pageInfo { hasNextPage endCursor }
  }
}
"""
RECONNECT_SECONDS = 0.1
TaskList = dict[str, Any]


async def fetch_all_tasks(http: httpx.AsyncClient, url: str) -> TaskList:
    """Return all tasks by id."""
    tasks: TaskList = {}
    after = None
    while True:
        response = await http.post(f"{url}/graphql", json={"query": PAGE, "variables": {"after": after}})
        page = response.json()["data"]["tasks"]
        tasks |= {task["id"]: task for task in page["nodes"]}
        if not page["pageInfo"]["hasNextPage"]:
            return tasks
        after = page["pageInfo"]["endCursor"]


class Subscriber:
    """A subscriber of one process."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self.url = url
        self._last_rev: str | None = None
        self.tasks: TaskList = {}
        # The kinds of all events that it received.
        self.kinds: list[str] = []
        self.connections = 0

    async def run(self) -> None:
        """Follow the events until cancelled."""
        while True:
            try:
                await self._receive()
            except (OSError, WebSocketException, httpx.HTTPError, KeyError, TimeoutError, TypeError):
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _receive(self) -> None:
        address = self.url.replace("http", "ws") + "/graphql"
        async with connect(address, subprotocols=["graphql-transport-ws"]) as websocket:  # type: ignore[list-item]
            self.connections += 1
            await websocket.send('{"type": "connection_init"}')
            await websocket.recv()
            payload = {"query": TASK_CHANGED, "variables": {"after": self._last_rev}}
            await websocket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            async for text in websocket:
                await self._apply(json.loads(text)["payload"]["data"]["taskChanged"])

    async def _apply(self, event: Any) -> None:
        self.kinds.append(event["kind"])
        task = event["task"]
        if event["kind"] in ("MANY", "RESYNC"):
            self.tasks = await fetch_all_tasks(self._http, self.url)
        elif task is None:
            self.tasks.pop(event["id"], None)
        elif self.tasks.get(task["id"], task)["version"] <= task["version"]:
            self.tasks[task["id"]] = task
        # Only after the fetch: if it fails, the server must send the event again.
        self._last_rev = event["rev"]
