"""Tests in which order the hosts of a database URL are tried."""

from typing import Any, cast

import pytest

from db.host_order import HostOrder


class Connected:
    """What libpq knows of the host of a connection."""

    def __init__(self, host: str, port: str, hostaddr: str = "") -> None:
        self.host, self.port, self.hostaddr = host.encode(), port.encode(), hostaddr.encode()


def connection(host: str, port: str, hostaddr: str = "") -> Any:
    return cast("Any", Connected(host, port, hostaddr))


@pytest.mark.parametrize(
    ("url", "preferred", "host", "port"),
    [
        ("postgresql://a:1,b:2,c:3/tasks", connection("b", "2"), "b,a,c", "2,1,3"),
        ("postgresql://a,b,c:5433/tasks", connection("c", "5433"), "c,a,b", "5433,,"),
        ("host=a,b port=5433", connection("b", "5433"), "b,a", "5433,5433"),
        ("host=/run/a,/run/b", connection("/run/b", "5432"), "/run/b,/run/a", None),
        ("host=a,a port=1,2", connection("a", "2"), "a,a", "2,1"),
        ("host=a,b port=1,2", connection("c", "3"), "a,b", "1,2"),
    ],
)
def test_host_of_the_last_connection_is_tried_first(url: str, preferred: Any, host: str, port: str | None) -> None:
    hosts = HostOrder(url)
    hosts.prefer(preferred)
    assert (hosts.options["host"], hosts.options.get("port")) == (host, port)


def test_host_that_does_not_answer_is_tried_last() -> None:
    hosts = HostOrder("host=a,b,c port=1,2,3")
    hosts.avoid(connection("a", "1"))
    assert hosts.options == {"host": "b,c,a", "port": "2,3,1"}


def test_addresses_keep_their_hosts() -> None:
    hosts = HostOrder("host=a,b hostaddr=10.0.0.1,10.0.0.2")
    hosts.prefer(connection("b", "5432", "10.0.0.2"))
    assert hosts.options == {"host": "b,a", "hostaddr": "10.0.0.2,10.0.0.1"}
    only_addresses = HostOrder("hostaddr=10.0.0.1,10.0.0.2")
    only_addresses.avoid(connection("10.0.0.1", "5432", "10.0.0.1"))
    assert only_addresses.options == {"hostaddr": "10.0.0.2,10.0.0.1"}


@pytest.mark.parametrize("url", ["postgresql://a:1/tasks", "postgresql:///tasks", ""])
def test_url_with_one_host_has_no_order(url: str) -> None:
    assert HostOrder(url).options == {}
