"""GraphQL client: sends one request over HTTP and decodes the response."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import httpx
import msgspec

from loadgen.batches import Batch
from loadgen.errors import RequestRejected, ServiceUnavailable, ServiceUnreachable
from loadgen.responses import (
    CreateListData,
    CreateTasksData,
    CreateTasksPayload,
    ListsData,
    TotalData,
    UserError,
    response_data,
)

CREATE_LIST = """\
mutation ($input: CreateTaskListInput!) {
  createTaskList(input: $input) { userErrors { field message code } }
}"""
LISTS = """\
query ($after: String) {
  taskLists(first: 100, after: $after) { nodes { id name } pageInfo { hasNextPage endCursor } }
}"""
TOTAL_COUNT = msgspec.json.encode({"query": "{ tasks(first: 1) { totalCount } }"})

_HEADERS = {
    "content-type": "application/json",
    "accept": "application/json",
    # Compression of these small responses would only cost CPU time on both sides.
    "accept-encoding": "identity",
    "user-agent": "millitask-loadgen",
}
_Data = TypeVar("_Data", CreateTasksData, CreateListData, ListsData, TotalData)


class Client:
    """A client of the service at one URL.

    Each method sends one request. It raises ServiceUnavailable if a retry may succeed and RequestRejected
    if it would fail again.
    """

    def __init__(self, http: httpx.AsyncClient, url: str, timeout: float) -> None:
        """timeout: the longest that a request may take from start to end, in seconds."""
        self._http = http
        self._url = url
        self._timeout = timeout

    async def total_count(self) -> int:
        """Return the number of tasks that the service reports."""
        return (await self._send(TOTAL_COUNT, TotalData)).tasks.total_count

    async def create_tasks(self, batch: Batch) -> CreateTasksPayload:
        """Create the tasks of a batch, and return a result for each task in the same order."""
        payload = (await self._send(batch.body, CreateTasksData)).create_tasks
        _check(payload.user_errors)
        if len(payload.results) != batch.tasks:
            raise RequestRejected(f"the response has {len(payload.results)} results for {batch.tasks} tasks")
        return payload

    async def create_list(self, id_: str, name: str) -> None:
        """Create a task list, unless it exists already."""
        body = msgspec.json.encode({"query": CREATE_LIST, "variables": {"input": {"id": id_, "name": name}}})
        _check((await self._send(body, CreateListData)).create_task_list.user_errors)

    async def lists(self) -> AsyncIterator[tuple[str, str]]:
        """Yield the id and the name of each task list that is not archived."""
        after: str | None = None
        while True:
            body = msgspec.json.encode({"query": LISTS, "variables": {"after": after}})
            page = (await self._send(body, ListsData)).task_lists
            for each in page.nodes:
                yield each.id, each.name
            if not page.page_info.has_next_page:
                return
            after = page.page_info.end_cursor

    async def _send(self, body: bytes, shape: type[_Data]) -> _Data:
        try:
            # The timeouts of httpx limit each read, not the request: a slow stream of bytes would never time out.
            async with asyncio.timeout(self._timeout):
                response = await self._http.post(self._url, content=body)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise ServiceUnreachable(f"cannot connect to {self._url}: {_reason(error)}") from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise ServiceUnavailable(f"no response within {self._timeout:g} s") from error
        except httpx.RequestError as error:
            raise ServiceUnavailable(f"the connection was lost: {_reason(error)}") from error
        data = response_data(response.status_code, response.headers, response.content)
        try:
            return msgspec.json.decode(data, type=shape)
        except msgspec.DecodeError as error:
            raise RequestRejected(f"the response is not from Millitask: {error}") from error


def _check(errors: list[UserError]) -> None:
    if errors:
        raise RequestRejected("; ".join(f"{error.message} ({error.code})" for error in errors))


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


@asynccontextmanager
async def open_client(
    url: str, concurrency: int, timeout_seconds: float, token: str | None = None
) -> AsyncIterator[Client]:
    """Open a client that keeps one connection for each concurrent request.

    url: the GraphQL endpoint. timeout_seconds: the longest that a request may take.
    token: an API token, if the service requires one.
    """
    authorization = {} if token is None else {"authorization": f"Bearer {token}"}
    # Proxies from the environment are ignored, because the loader measures the service itself.
    http = httpx.AsyncClient(
        headers=_HEADERS | authorization,
        limits=httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency),
        timeout=timeout_seconds,
        trust_env=False,
    )
    async with http:
        yield Client(http, url, timeout_seconds)
