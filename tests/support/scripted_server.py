"""An HTTP server on loopback that returns scripted responses, for the tests of the loader."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Task = dict[str, Any]


@dataclass
class Reply:
    """One response. `cut` drops the connection after this many bytes of the body."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    delay: float = 0.0


def graphql(data: object = None, errors: list[dict[str, Any]] | None = None) -> Reply:
    return Reply(body=json.dumps({"data": data, "errors": errors or []}).encode())


def created(results: list[list[dict[str, Any]]], top: list[dict[str, Any]] | None = None) -> Reply:
    items = [{"userErrors": errors} for errors in results]
    return graphql({"createTasks": {"results": items, "userErrors": top or []}})


def user_error(code: str) -> dict[str, Any]:
    return {"field": ["title"], "message": f"said {code}", "code": code}


@dataclass
class ScriptedServer:
    """Responds to createTasks like the service, unless the script holds another reply."""

    url: str = ""
    script: deque[Reply | Callable[[list[Task]], Reply]] = field(default_factory=deque)
    always: Reply | None = None
    tasks: dict[str, Task] = field(default_factory=dict)
    batches: list[list[Task]] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    connections: int = 0
    third_batch: asyncio.Event = field(default_factory=asyncio.Event)

    def reply(self, body: bytes) -> Reply:
        request = json.loads(body)
        if "totalCount" in request["query"]:
            return graphql({"tasks": {"totalCount": len(self.tasks)}})
        batch: list[Task] = request["variables"]["input"]["tasks"]
        self.batches.append(batch)
        if len(self.batches) == 3:
            self.third_batch.set()
        scripted = self.script.popleft() if self.script else self.always
        if callable(scripted):
            return scripted(batch)
        if scripted is not None and scripted.cut is None:
            return scripted
        # A dropped connection loses the response, not the tasks.
        self.tasks.update((task["id"], task) for task in batch)
        response = created([[] for _ in batch])
        response.cut = scripted.cut if scripted else None
        return response


@asynccontextmanager
async def serving() -> AsyncIterator[ScriptedServer]:
    scripted = ScriptedServer()
    connections: set[asyncio.Task[Any]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        scripted.connections += 1
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            while await _respond(scripted, reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            connections.discard(task)

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    scripted.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/graphql"
    try:
        yield scripted
    finally:
        server.close()
        # Since Python 3.12, wait_closed() waits for open connections, which may be in a scripted delay.
        for task in list(connections):
            task.cancel()
        await server.wait_closed()


async def _respond(server: ScriptedServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Send one response. Return whether the connection stays open."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(head.split("content-length:")[1].split("\r\n")[0])
    server.headers.append(head)
    reply = server.reply(await reader.readexactly(length))
    await asyncio.sleep(reply.delay)
    headers = {"content-type": "application/json", "content-length": str(len(reply.body))}
    lines = [f"{name}: {value}" for name, value in (headers | reply.headers).items()]
    start = f"HTTP/1.1 {reply.status} Scripted\r\n" + "\r\n".join(lines) + "\r\n\r\n"
    if reply.cut != 0:
        writer.write(start.encode())
    writer.write(reply.body[: reply.cut])
    await writer.drain()
    return reply.cut is None
