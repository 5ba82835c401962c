"""Tests the URLs of Redis that name several hosts."""

import pytest

from cache.redis.several_hosts import parse_several_hosts


@pytest.mark.parametrize(
    ("url", "hosts", "name", "server"),
    [
        ("redis+cluster://a:1,b:2", [("a", 1), ("b", 2)], "", "redis://h:7/0"),
        ("redis+cluster://a,[::1]:2/0", [("a", 6379), ("::1", 2)], "", "redis://h:7/0"),
        ("rediss+cluster://me:p%40ss@a:1/?ssl_ca_certs=f", [("a", 1)], "", "rediss://me:p%40ss@h:7/0?ssl_ca_certs=f"),
        ("redis+sentinel://a,b:2/tasks", [("a", 26379), ("b", 2)], "tasks", "redis://h:7/0"),
        ("redis+sentinel://:pw@a/tasks/3?client_name=x", [("a", 26379)], "tasks", "redis://:pw@h:7/3?client_name=x"),
    ],
)
def test_hosts_and_the_url_of_a_server(url: str, hosts: list[tuple[str, int]], name: str, server: str) -> None:
    parsed = parse_several_hosts(url)
    assert (parsed.hosts, parsed.name, parsed.server_url("h", 7)) == (hosts, name, server)


def test_sentinels_have_a_user_of_their_own() -> None:
    parsed = parse_several_hosts("redis+sentinel://a/tasks?sentinel_username=s&sentinel_password=p&db=1")
    assert parsed.sentinel_options == {"username": "s", "password": "p"}
    assert parsed.server_url("::1", 7) == "redis://[::1]:7/0?db=1"
