from collections.abc import AsyncIterator

import pytest

from loadgen import retries
from tests.support.scripted_server import ScriptedServer, serving


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with serving() as server:
        yield server


@pytest.fixture
def short_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_WAIT_SECONDS", 0.001)
    monkeypatch.setattr(retries, "LONGEST_WAIT_SECONDS", 0.01)
