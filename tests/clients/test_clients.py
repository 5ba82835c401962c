"""Clients that others wrote, on Node.js: the audits of GraphQL over HTTP, and Apollo's client."""

import asyncio
import json
import re
from collections.abc import AsyncIterator

import pytest
import uvicorn

from api.app import create_app
from api.settings import Settings
from tests.clients.node import FOLDER, install, run
from tests.schema.client import running


@pytest.fixture(scope="session", autouse=True)
def _installed() -> None:
    install()


@pytest.fixture
async def url(database_url: str, redis_url: str) -> AsyncIterator[str]:
    """A service that listens, and is ready."""
    settings = Settings(database_url=database_url, redis_url=redis_url)
    async with running(settings):  # so that there is an index
        pass
    config = uvicorn.Config(create_app(settings), port=0, log_config=None, access_log=False, lifespan="on")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has nothing to wait for
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/graphql"
    server.should_exit = True
    await serving


async def test_every_audit_is_passed(url: str) -> None:
    audits = [json.loads(line) for line in (await run("audits.mjs", url)).splitlines()]
    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert len(audits) == 61


async def test_apollo_client(url: str) -> None:
    assert await run("apollo.mjs", url) == "ok\n"


def test_the_lock_names_no_registry() -> None:
    lock = (FOLDER / "package-lock.json").read_text()
    assert "resolved" not in lock
    assert not re.search(r"https?://", lock)
