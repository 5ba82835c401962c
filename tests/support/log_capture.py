"""The service in this process, listening on a port, as uvicorn runs it in a worker."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.app import create_app
from api.config.settings import Settings
from api.process.worker import server_for
from tests.support.graphql_client import running


@asynccontextmanager
async def listening(settings: Settings) -> AsyncIterator[str]:
    """Its address, once it is ready and its index is there."""
    async with running(settings):
        pass
    server = server_for(settings, create_app(settings))
    listener = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve([listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has nothing to wait for
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/graphql"
    finally:
        server.should_exit = True
        await serving
