"""Runs the service in the process of the tests, with a client that sends GraphQL requests over HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from api.app import create_app
from api.config.settings import Settings
from api.identity.authenticator import Authenticator
from millitask import __version__

TOTAL = "{ tasks(first: 1) { totalCount } }"

# All fields of a task. A document that spreads `...TaskFields` must contain this fragment.
TASK_FIELDS = """
fragment TaskFields on Task {
  id title description status priority createdAt updatedAt expiresAt version createdBy updatedBy
  dueAt assignee labels metadata externalId listId
}
"""

CREATE = f"""
mutation ($input: CreateTaskInput!) {{
  createTask(input: $input) {{ task {{ ...TaskFields }} userErrors {{ field message code }} }}
}}
{TASK_FIELDS}
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
    """Return a response without the cost in its extensions, which tests/integration/schema/test_limits.py covers."""
    answer.get("extensions", {}).pop("cost", None)
    if not answer.get("extensions", True):
        del answer["extensions"]
    return answer


class Client:
    """A GraphQL client of the service."""

    def __init__(self, http: httpx.AsyncClient, headers: dict[str, str] | None = None) -> None:
        self.http = http
        self.headers = headers or {}

    async def post(self, content: bytes, content_type: str = "application/json") -> httpx.Response:
        headers = {"Content-Type": content_type, **self.headers}
        return await self.http.post("/graphql", content=content, headers=headers)

    async def send(self, document: str, **variables: Any) -> httpx.Response:
        # json.dumps escapes all non-ASCII characters, so it can encode an unpaired surrogate.
        return await self.post(json.dumps({"query": document, "variables": variables}).encode())

    async def answer(self, document: str, **variables: Any) -> Any:
        """Return the response body: `data`, and `errors` if there are errors."""
        response = await self.send(document, **variables)
        assert response.status_code == 200, response.text
        return without_cost(response.json())

    async def query(self, document: str, **variables: Any) -> Any:
        """Return the data of a response that must not contain errors."""
        answer = await self.answer(document, **variables)
        assert "errors" not in answer or not answer["errors"], answer["errors"]
        return answer["data"]

    async def error(self, document: str, **variables: Any) -> Any:
        """Return the error of a response that must contain exactly one."""
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
        """Create tasks with these titles and return their ids."""
        payload = (await self.query(CREATE_MANY, tasks=[{"title": title} for title in titles]))["createTasks"]
        return [result["task"]["id"] for result in payload["results"]]

    async def delete(self, id_: str) -> None:
        payload = (await self.query(DELETE, input={"id": id_}))["deleteTask"]
        assert payload == {"deletedTaskId": id_, "userErrors": []}

    async def counters(self) -> dict[str, float]:
        """Return the samples of /metrics by name."""
        text = (await self.http.get("/metrics")).text
        return {
            sample.name: sample.value for family in text_string_to_metric_families(text) for sample in family.samples
        }


@asynccontextmanager
async def started(settings: Settings, authenticator: Authenticator | None = None) -> AsyncIterator[Client]:
    """Run the service and yield a client, without waiting until the service is ready."""
    app = create_app(settings, authenticator=authenticator)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=30) as http,
    ):
        yield Client(http)


@asynccontextmanager
async def running(settings: Settings, authenticator: Authenticator | None = None) -> AsyncIterator[Client]:
    """Run the service and yield a client as soon as the service is ready and its index is built."""
    async with started(settings, authenticator) as client:
        await ready(client)
        yield client


async def ready(client: Client, *, degraded: bool = False) -> None:
    """Wait up to 30 seconds until the service is ready."""
    for _ in range(1500):
        if (await client.http.get("/readyz")).json() == {
            "status": "ready",
            "degraded": degraded,
            "version": __version__,
        }:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("The service did not become ready.")
