"""Runs services in this process, with clients that call them without a network."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from api.app import create_app
from api.config.settings import Settings
from api.devstores import StoreUrls
from benchmarks.service import parse_metrics


class Client:
    """A client of a service in this process."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def execute(self, document: str, **variables: Any) -> Any:
        """Send an operation and return the response, which must have no errors."""
        body = {"query": document, "variables": variables}
        answer = (await self.http.post("/graphql", json=body)).json()
        assert not answer.get("errors"), answer
        return answer

    async def metrics(self) -> dict[str, float]:
        """Return the samples of /metrics."""
        return parse_metrics((await self.http.get("/metrics")).text)

    async def wait_until_degraded(self, wanted: bool) -> None:
        """Wait until the service enters degraded mode, or leaves it if `wanted` is false."""
        while (await self.http.get("/readyz")).json().get("degraded") is not wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def with_services(urls: StoreUrls, number: int, work: Callable[..., Awaitable[None]]) -> None:
    """Run `work` with the clients of several services on the same stores."""
    apps = [create_app(Settings(database_url=urls.database_url, redis_url=urls.redis_url)) for _ in range(number)]

    async def enter(clients: list[Client]) -> None:
        if len(clients) == number:
            await work(*clients)
            return
        app = apps[len(clients)]
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost", timeout=60) as http,
        ):
            await enter([*clients, Client(http)])

    await enter([])
