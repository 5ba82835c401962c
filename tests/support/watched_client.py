"""A client that writes and reads on while stores fail, and keeps every answer that misses an acknowledged write."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.support.graphql_client import CREATE, TOTAL, Client

RETRYABLE = {"UNAVAILABLE", "DATABASE_BUSY", "WRITES_BUSY", "REQUEST_TIMEOUT", "OUTCOME_UNKNOWN"}


class Watched:
    """Reads the number of tasks again and again, and keeps the answers that miss a task that was acknowledged."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.acknowledged = 0
        self.answers = 0
        self.wrong: list[Any] = []

    async def create(self) -> bool:
        answer = (await self._client.send(CREATE, input={"title": "A task"})).json()
        if answer.get("errors"):
            assert {error["extensions"]["code"] for error in answer["errors"]} <= RETRYABLE
            return False
        self.acknowledged += 1
        return True

    async def read(self) -> None:
        acknowledged = self.acknowledged
        answer = (await self._client.send(TOTAL)).json()
        if not answer.get("errors"):
            self.answers += 1
            if answer["data"]["tasks"]["totalCount"] < acknowledged:
                self.wrong.append((acknowledged, answer))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        async def read_on() -> None:
            while True:
                await self.read()
                await asyncio.sleep(0.01)

        reader = asyncio.create_task(read_on())
        try:
            yield
        finally:
            reader.cancel()
            await asyncio.wait([reader])
