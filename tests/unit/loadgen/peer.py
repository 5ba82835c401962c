"""A scripted peer: an HTTP server on loopback that plays the faults of a service."""

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
    """One answer; cut drops the connection after so many bytes of the body."""

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
class Peer:
    """Answers creates as the service would, unless the script has something else in store."""

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
        act = self.script.popleft() if self.script else self.always
        if callable(act):
            return act(batch)
        if act is not None and act.cut is None:
            return act
        # A connection that is cut has done its work: the answer is lost, not the tasks.
        self.tasks.update((task["id"], task) for task in batch)
        answer = created([[] for _ in batch])
        answer.cut = act.cut if act else None
        return answer


@asynccontextmanager
async def serving() -> AsyncIterator[Peer]:
    peer = Peer()
    talks: set[asyncio.Task[Any]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer.connections += 1
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            while await _answer_one(peer, reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            talks.discard(task)

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    peer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/graphql"
    try:
        yield peer
    finally:
        server.close()
        # From Python 3.12 on, wait_closed() would wait for every delay in the script.
        for task in list(talks):
            task.cancel()
        await server.wait_closed()


async def _answer_one(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(head.split("content-length:")[1].split("\r\n")[0])
    peer.headers.append(head)
    reply = peer.reply(await reader.readexactly(length))
    await asyncio.sleep(reply.delay)
    headers = {"content-type": "application/json", "content-length": str(len(reply.body))}
    lines = [f"{name}: {value}" for name, value in (headers | reply.headers).items()]
    start = f"HTTP/1.1 {reply.status} Whatever\r\n" + "\r\n".join(lines) + "\r\n\r\n"
    if reply.cut != 0:
        writer.write(start.encode())
    writer.write(reply.body[: reply.cut])
    await writer.drain()
    return reply.cut is None
