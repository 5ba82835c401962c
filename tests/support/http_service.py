"""Runs the service in this process: on a port, or without starting it for requests that need no store."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from api.app import create_app
from api.config.settings import Settings
from api.identity.authenticator import Authenticator
from api.process.worker import create_server
from tests.support.graphql_client import Client, ready


@asynccontextmanager
async def listening_service(settings: Settings, authenticator: Authenticator | None = None) -> AsyncIterator[str]:
    """Run the service like a worker, and yield the URL of its endpoint once the service is ready and has an index."""
    app = create_app(settings, authenticator=authenticator)
    server = create_server(settings, app)
    listener = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve([listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event to wait for
        await asyncio.sleep(0.01)
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
            await ready(Client(http))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/graphql"
    finally:
        server.should_exit = True
        await serving


def unstarted_service(**settings: Any) -> httpx.AsyncClient:
    """Return a client of a service that is not connected to any store."""
    app = create_app(Settings(database_url="postgresql://nowhere/", redis_url="redis://nowhere", **settings))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
