"""Tests request ids: the service uses the client's id, or generates one."""

import re

import pytest

from tests.support.http_service import unstarted_service

GENERATED_ID = re.compile(r"[0-9a-f]{16}")


async def request_id_for(given: str) -> str:
    async with unstarted_service() as http:
        response = await http.get("/livez", headers={"X-Request-Id": given})
    return str(response.headers["X-Request-Id"])


@pytest.mark.parametrize("given", ["a", "trace-1.2_3", "x" * 64, "019ab2c4-7d1e-7c3a-9f00-3b1f0c2d4e5f"])
async def test_request_id_of_a_client_is_kept(given: str) -> None:
    assert await request_id_for(given) == given


@pytest.mark.parametrize("given", ["", " ", "x" * 65, "a b", 'a"b', "a\tb", "<script>", "a,b"])
async def test_unsafe_request_id_is_replaced(given: str) -> None:
    assert GENERATED_ID.fullmatch(await request_id_for(given))
