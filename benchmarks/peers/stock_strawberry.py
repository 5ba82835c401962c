"""Peer `strawberry`: the same page through Strawberry as its documentation shows it, with default settings.

The document, the two calls to Redis and the server are those of the other contenders. Strawberry's ASGI app runs
without extensions and limits, so it parses and validates the document of every request. `--document-cache` adds
Strawberry's own caches of parsed and validated documents. msgspec decodes the values, because that is the fastest way.
"""

from base64 import urlsafe_b64encode
from datetime import datetime
from enum import Enum

import msgspec
import strawberry
from cyclopts import App
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.types import Info

from benchmarks.peers.server import PAGE_SIZE, TaskPages, serve

app = App(name="python -m benchmarks.peers.stock_strawberry", help="Serve pages of tasks with stock Strawberry.")


@strawberry.enum
class TaskStatus(Enum):
    """The status of a task."""

    TODO = "TODO"
    IN_PROGRESS = "IN_PROGRESS"
    DONE = "DONE"


@strawberry.enum
class TaskPriority(Enum):
    """The priority of a task."""

    NONE = "NONE"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    URGENT = "URGENT"


class StoredTask(msgspec.Struct, rename="camel"):
    """A task as the value in Redis holds it."""

    id: str
    title: str
    description: str
    status: TaskStatus
    priority: TaskPriority
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    version: int


@strawberry.type
class Task:
    """A task."""

    id: strawberry.ID
    title: str
    description: str
    status: TaskStatus
    priority: TaskPriority
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    version: int


@strawberry.type
class TaskEdge:
    """A task and its cursor."""

    cursor: str
    node: Task


@strawberry.type
class PageInfo:
    """Information about a page."""

    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class TaskConnection:
    """A page of tasks."""

    total_count: int
    page_info: PageInfo
    edges: list[TaskEdge]


@strawberry.type
class Query:
    """The root of all queries."""

    @strawberry.field
    async def tasks(self, info: Info, first: int = PAGE_SIZE, page: int = 1) -> TaskConnection:
        """Return a page of tasks. `first` is always the page size."""
        pages: TaskPages = info.context["pages"]
        values, scores, total = await pages.scored(page)
        stored = [_decode(value) for value in values]
        edges = [
            TaskEdge(cursor=_cursor(score, task.id), node=Task(**msgspec.structs.asdict(task)))
            for score, task in zip(scores, stored, strict=True)
        ]
        end = edges[-1].cursor if edges else None
        return TaskConnection(
            total_count=total, page_info=PageInfo(has_next_page=page * first < total, end_cursor=end), edges=edges
        )


_decode = msgspec.json.Decoder(StoredTask).decode


def _cursor(score: float, id_: str) -> str:
    return urlsafe_b64encode(f"{score:.0f} {id_}".encode()).decode()


@app.default
def main(*, redis_url: str, index: str, port: int = 8003, document_cache: bool = False) -> None:
    """Serve POST /graphql on a port of the loopback interface.

    Parameters
    ----------
    redis_url
        URL of Redis.
    index
        Key of the sorted set of ids.
    port
        Port to listen on.
    document_cache
        Keep up to 128 parsed and validated documents.
    """
    pages = TaskPages(redis_url, index)

    class Endpoint(GraphQL[dict[str, TaskPages], None]):
        async def get_context(self, request: object, response: object) -> dict[str, TaskPages]:
            return {"pages": pages}

    schema = strawberry.Schema(Query, extensions=[ParserCache, ValidationCache] if document_cache else [])
    serve(Endpoint(schema, graphql_ide=None), port)


if __name__ == "__main__":
    app()
