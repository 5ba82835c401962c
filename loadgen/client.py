"""The GraphQL client: one request over HTTP, and what its answer means."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import httpx
import msgspec

from loadgen.answers import CreateTasksData, CreateTasksPayload, TotalData, data_of
from loadgen.batches import Batch
from loadgen.errors import NotThere, Refused, Unavailable

TOTAL_COUNT = msgspec.json.encode({"query": "{ tasks(first: 1) { totalCount } }"})

_HEADERS = {
    "content-type": "application/json",
    "accept": "application/json",
    # Packing an answer that is nearly empty would only cost both sides time.
    "accept-encoding": "identity",
    "user-agent": "millitask-loadgen",
}
_Data = TypeVar("_Data", CreateTasksData, TotalData)


class Client:
    """A service at an address.

    Its methods do one request each. They raise Unavailable where another try may help and Refused
    where it will not.
    """

    def __init__(self, http: httpx.AsyncClient, url: str, timeout: float) -> None:
        """timeout: the seconds that one request may take as a whole."""
        self._http = http
        self._url = url
        self._timeout = timeout

    async def total_count(self) -> int:
        """How many tasks the service says it has."""
        return (await self._ask(TOTAL_COUNT, TotalData)).tasks.total_count

    async def create_tasks(self, batch: Batch) -> CreateTasksPayload:
        """Create a batch; a result for each task, in their order."""
        payload = (await self._ask(batch.body, CreateTasksData)).create_tasks
        if payload.user_errors:
            raise Refused("; ".join(f"{e.message} ({e.code})" for e in payload.user_errors))
        if len(payload.results) != batch.tasks:
            raise Refused(f"{len(payload.results)} results for {batch.tasks} tasks")
        return payload

    async def _ask(self, body: bytes, shape: type[_Data]) -> _Data:
        try:
            # httpx only bounds each wait, so a trickle of bytes could go on for ever.
            async with asyncio.timeout(self._timeout):
                response = await self._http.post(self._url, content=body)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise NotThere(f"no connection to {self._url}: {_reason(error)}") from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise Unavailable(f"no answer within {self._timeout:g} s") from error
        except httpx.RequestError as error:
            raise Unavailable(f"the answer was lost: {_reason(error)}") from error
        data = data_of(response.status_code, response.headers, response.content)
        try:
            return msgspec.json.decode(data, type=shape)
        except msgspec.DecodeError as error:
            raise Refused(f"the answer is not that of Millitask: {error}") from error


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


@asynccontextmanager
async def open_client(url: str, concurrency: int, longest: float) -> AsyncIterator[Client]:
    """A client with one kept connection for each request in flight.

    url: of the GraphQL endpoint. longest: the seconds that one request may take.
    """
    # Proxies of the environment are left out: what is measured is the service.
    http = httpx.AsyncClient(
        headers=_HEADERS,
        limits=httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency),
        timeout=longest,
        trust_env=False,
    )
    async with http:
        yield Client(http, url, longest)
