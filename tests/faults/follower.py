"""A subscriber that does what docs/live.md says: applies what it hears, fetches all when it is told to, comes again."""

import asyncio
import json
from typing import Any

import httpx
from websockets import connect
from websockets.exceptions import WebSocketException

CHANGED = """
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
List = dict[str, Any]


async def everything(http: httpx.AsyncClient, url: str) -> List:
    """All tasks, by id."""
    found: List = {}
    after = None
    while True:
        response = await http.post(f"{url}/graphql", json={"query": PAGE, "variables": {"after": after}})
        page = response.json()["data"]["tasks"]
        found |= {task["id"]: task for task in page["nodes"]}
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


class Follower:
    """One subscriber of one process."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self.url = url
        self._rev: str | None = None
        self.list: List = {}
        self.kinds: list[str] = []
        self.connections = 0

    async def follow(self) -> None:
        """For as long as it is let."""
        while True:
            try:
                await self._connected()
            except (OSError, WebSocketException, httpx.HTTPError, KeyError, TimeoutError, TypeError):
                await asyncio.sleep(0.1)

    async def _connected(self) -> None:
        address = self.url.replace("http", "ws") + "/graphql"
        async with connect(address, subprotocols=["graphql-transport-ws"]) as websocket:  # type: ignore[list-item]
            self.connections += 1
            await websocket.send('{"type": "connection_init"}')
            await websocket.recv()
            payload = {"query": CHANGED, "variables": {"after": self._rev}}
            await websocket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            async for text in websocket:
                await self._apply(json.loads(text)["payload"]["data"]["taskChanged"])

    async def _apply(self, change: Any) -> None:
        self.kinds.append(change["kind"])
        task = change["task"]
        if change["kind"] in ("MANY", "RESYNC"):
            self.list = await everything(self._http, self.url)
        elif task is None:
            self.list.pop(change["id"], None)
        elif self.list.get(task["id"], task)["version"] <= task["version"]:
            self.list[task["id"]] = task
        self._rev = change["rev"]  # only now: who could not fetch has to be told again
