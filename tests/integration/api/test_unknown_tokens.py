"""Tests that requests with unknown tokens, which wait for the database, do not keep out callers with known tokens."""

import asyncio

import httpx

from api.config.settings import Settings
from api.identity.authenticator import Authenticator, Unauthenticated
from db.caller import Caller
from tests.support.http_service import listening_service
from tests.support.workspaces import NamedCallers, authorization

LIMIT = 4


class SlowLookUp(NamedCallers):
    """Knows the credentials of `authorization`. For others, it waits as for a database until `found` is set."""

    def __init__(self) -> None:
        self.found = asyncio.Event()
        self.waiting = 0

    def accepts(self, _credential: str) -> bool:
        return True

    async def caller(self, credential: str) -> Caller:
        if super().accepts(credential):
            return await super().caller(credential)
        self.waiting += 1
        await self.found.wait()
        raise Unauthenticated("The token is not valid.")


async def test_unknown_tokens_keep_no_known_token_out(database_url: str, redis_url: str) -> None:
    method = SlowLookUp()
    settings = Settings(database_url=database_url, redis_url=redis_url, max_requests_in_flight=LIMIT)
    limits = httpx.Limits(max_connections=None)
    async with (
        listening_service(settings, Authenticator(method)) as url,
        httpx.AsyncClient(limits=limits, timeout=60) as http,
    ):

        async def status(authorization: str) -> int:
            body = {"query": "{ taskCounts { all } }"}
            return (await http.post(url, json=body, headers={"Authorization": authorization})).status_code

        unknown = [asyncio.create_task(status(f"Bearer unknown-{number}")) for number in range(5 * LIMIT)]
        async with asyncio.timeout(30):
            while method.waiting < len(unknown):  # noqa: ASYNC110 (counted in the service)
                await asyncio.sleep(0.01)
        assert [await status(authorization("default")) for _ in range(3)] == [200] * 3
        method.found.set()
        assert await asyncio.gather(*unknown) == [401] * len(unknown)
