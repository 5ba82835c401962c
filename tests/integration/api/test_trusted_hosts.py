"""By which names the service is asked: its own, and any address."""

import asyncio
from urllib.parse import urlsplit

import httpx
import pytest

from api.app import create_app
from api.config.settings import Settings
from tests.support.log_capture import listening

KNOWN = ["localhost", "localhost:8000", "LOCALHOST", "127.0.0.1:8000", "10.1.2.3", "[::1]:8000", ""]
STRANGE = ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "[", "x y"]


async def status(settings: Settings, host: str) -> int:
    transport = httpx.ASGITransport(create_app(settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        answer = await http.get("/livez", headers={"Host": host})
    if answer.status_code == 421:
        [error] = answer.json()["errors"]
        assert error["extensions"]["code"] == "UNKNOWN_HOST"
        assert repr(host) in error["message"]
        assert "MILLITASK_HOSTS" in error["message"]
    return answer.status_code


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    return Settings.model_validate({"database_url": database_url, "redis_url": redis_url})


@pytest.mark.parametrize("host", KNOWN)
async def test_its_own_names_and_addresses(settings: Settings, host: str) -> None:
    assert await status(settings, host) == 200


@pytest.mark.parametrize("host", STRANGE)
async def test_the_names_of_others(settings: Settings, host: str) -> None:
    assert await status(settings, host) == 421


async def test_the_names_that_are_set(settings: Settings) -> None:
    named = settings.model_copy(update={"hosts": "Tasks.example, api"})
    asked = ("tasks.example", "api:8000", "localhost", "evil.example")
    assert [await status(named, host) for host in asked] == [200, 200, 200, 421]
    assert await status(settings.model_copy(update={"hosts": "*"}), "evil.example") == 200


async def test_who_listens_to_all_has_no_name_of_its_own(settings: Settings) -> None:
    assert await status(settings.model_copy(update={"host": "0.0.0.0"}), "tasks.example") == 200


async def test_a_web_socket_of_another_name(settings: Settings) -> None:
    async with listening(settings) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
        headers = ("Host: evil.example", "Origin: http://evil.example", "Connection: Upgrade", "Upgrade: websocket")
        more = ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
        writer.write("\r\n".join(["GET /graphql HTTP/1.1", *headers, *more, "", ""]).encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 421 ")
        writer.close()
