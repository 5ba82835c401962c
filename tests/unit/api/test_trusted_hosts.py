"""Tests which host names requests may use."""

from typing import Any

import pytest

from api.http.trusted_hosts import MAX_CACHED_HOSTS, TrustedHosts
from tests.support.http_service import unstarted_service

TRUSTED = ["localhost", "localhost:8000", "LOCALHOST", "127.0.0.1:8000", "10.1.2.3", "[::1]:8000", ""]
UNKNOWN = ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "[", "x y"]


async def status_for(host: str, /, **settings: Any) -> int:
    async with unstarted_service(**settings) as http:
        response = await http.get("/livez", headers={"Host": host})
    if response.status_code == 421:
        [error] = response.json()["errors"]
        assert error["extensions"]["code"] == "UNKNOWN_HOST"
        assert repr(host) in error["message"]
        assert "MILLITASK_HOSTS" in error["message"]
    return response.status_code


@pytest.mark.parametrize("host", TRUSTED)
async def test_localhost_and_ip_addresses_are_trusted(host: str) -> None:
    assert await status_for(host) == 200


@pytest.mark.parametrize("host", UNKNOWN)
async def test_unknown_host_is_refused(host: str) -> None:
    assert await status_for(host) == 421


@pytest.mark.parametrize(
    ("host", "status"), [("tasks.example", 200), ("api:8000", 200), ("localhost", 200), ("evil.example", 421)]
)
async def test_hosts_of_the_setting_are_trusted(host: str, status: int) -> None:
    assert await status_for(host, hosts="Tasks.example, api") == status


async def test_asterisk_trusts_every_host() -> None:
    assert await status_for("evil.example", hosts="*") == 200


async def test_service_on_all_addresses_trusts_every_host_by_default() -> None:
    assert await status_for("tasks.example", host="0.0.0.0") == 200


def test_cache_of_trusted_headers_is_bounded() -> None:
    hosts = TrustedHosts(["localhost"])
    for number in range(3 * MAX_CACHED_HOSTS):
        for _ in range(2):
            assert hosts.trusts(f"127.0.{number // 256}.{number % 256}".encode())
            assert not hosts.trusts(f"evil-{number}.example".encode())
    assert len(hosts._trusted) == MAX_CACHED_HOSTS
