"""The service in this process, its lifespan run, and GraphQL sent to it as HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from api.app import create_app
from api.config.settings import Settings

TOTAL = "{ tasks(first: 1) { totalCount } }"

CREATE = """
mutation ($input: CreateTaskInput!) {
  createTask(input: $input) {
    task { id title description status priority createdAt updatedAt expiresAt version }
    userErrors { field message code }
  }
}
"""

CREATE_MANY = """
mutation ($tasks: [CreateTaskInput!]!) {
  createTasks(input: { tasks: $tasks }) {
    results { task { id title status version } userErrors { field message code } }
    userErrors { field message code }
  }
}
"""

DELETE = """
mutation ($input: DeleteTaskInput!) {
  deleteTask(input: $input) { deletedTaskId userErrors { field message code } }
}
"""


def without_cost(answer: Any) -> Any:
    """An answer without what nearly every one has; tests/integration/schema/test_limits.py looks at that."""
    answer.get("extensions", {}).pop("cost", None)
    if not answer.get("extensions", True):
        del answer["extensions"]
    return answer


class Client:
    """A client of the service."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def post(self, content: bytes, content_type: str = "application/json") -> httpx.Response:
        return await self.http.post("/graphql", content=content, headers={"Content-Type": content_type})

    async def send(self, document: str, **variables: Any) -> httpx.Response:
        # ASCII, so that half a surrogate pair goes out as the escape that a client would send.
        return await self.post(json.dumps({"query": document, "variables": variables}).encode())

    async def answer(self, document: str, **variables: Any) -> Any:
        """The whole answer: `data`, and `errors` if there are any."""
        response = await self.send(document, **variables)
        assert response.status_code == 200, response.text
        return without_cost(response.json())

    async def query(self, document: str, **variables: Any) -> Any:
        """The data of an answer without errors."""
        answer = await self.answer(document, **variables)
        assert "errors" not in answer or not answer["errors"], answer["errors"]
        return answer["data"]

    async def error(self, document: str, **variables: Any) -> Any:
        """The one error of an answer."""
        answer = await self.answer(document, **variables)
        [error] = answer["errors"]
        return error

    async def total(self) -> int:
        return int((await self.query(TOTAL))["tasks"]["totalCount"])

    async def create(self, **fields: Any) -> Any:
        payload = (await self.query(CREATE, input={"title": "A task"} | fields))["createTask"]
        assert payload["userErrors"] == []
        return payload["task"]

    async def create_many(self, titles: Sequence[str]) -> list[str]:
        """Creates tasks and returns their ids."""
        payload = (await self.query(CREATE_MANY, tasks=[{"title": title} for title in titles]))["createTasks"]
        return [result["task"]["id"] for result in payload["results"]]

    async def delete(self, id_: str) -> None:
        payload = (await self.query(DELETE, input={"id": id_}))["deleteTask"]
        assert payload == {"deletedTaskId": id_, "userErrors": []}

    async def counters(self) -> dict[str, float]:
        """What /metrics says, by the names of the samples."""
        text = (await self.http.get("/metrics")).text
        return {
            sample.name: sample.value for family in text_string_to_metric_families(text) for sample in family.samples
        }


@asynccontextmanager
async def started(settings: Settings) -> AsyncIterator[Client]:
    """The service from its start to its end, without waiting until it is ready."""
    app = create_app(settings)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=30) as http,
    ):
        yield Client(http)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Client]:
    """The service, ready, and with its index."""
    async with started(settings) as client:
        await ready(client)
        yield client


async def ready(client: Client, *, degraded: bool = False) -> None:
    for _ in range(3000):
        if (await client.http.get("/readyz")).json() == {"status": "ready", "degraded": degraded}:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("The service does not become ready.")
