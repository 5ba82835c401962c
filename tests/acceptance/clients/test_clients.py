"""Clients that others wrote, on Node.js: the audits of GraphQL over HTTP, and Apollo's client."""

import json
import re
from collections.abc import AsyncIterator

import pytest

from api.config.settings import Settings
from tests.acceptance.clients.node import FOLDER, install, run
from tests.support.http_service import listening_service


@pytest.fixture(scope="session", autouse=True)
def _installed() -> None:
    install()


@pytest.fixture
async def url(database_url: str, redis_url: str) -> AsyncIterator[str]:
    """A service that listens, and is ready."""
    async with listening_service(Settings(database_url=database_url, redis_url=redis_url)) as url:
        yield url


async def test_every_audit_is_passed(url: str) -> None:
    audits = [json.loads(line) for line in (await run("audits.mjs", url)).splitlines()]
    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert len(audits) == 61


async def test_subscribers_by_websocket_and_by_events(url: str) -> None:
    assert await run("live.mjs", url) == "ok\n"


async def test_apollo_client(url: str) -> None:
    assert await run("apollo.mjs", url) == "ok\n"


def test_the_lock_names_no_registry() -> None:
    lock = (FOLDER / "package-lock.json").read_text()
    assert "resolved" not in lock
    assert not re.search(r"https?://", lock)
