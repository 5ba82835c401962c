from collections.abc import AsyncIterator

import pytest

from tests.support.scripted_server import ScriptedServer, serving


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with serving() as server:
        yield server
