"""Tests which pages may open a WebSocket: those of the host that they connect to."""

from typing import Any, cast

import pytest
from starlette.requests import HTTPConnection

from api.config.origins import AllowedOrigins
from api.realtime.websocket import GraphQLWebSocket


def allowed(origin: str, host: str, *origins: str) -> bool:
    none = cast("Any", None)
    endpoint = GraphQLWebSocket(none, none, none, none, AllowedOrigins(origins))
    headers = [(b"origin", origin.encode()), (b"host", host.encode())]
    return endpoint._origin_is_allowed(HTTPConnection({"type": "websocket", "headers": headers}))


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:8000", "localhost:8000"),
        ("https://tasks.example", "tasks.example"),
        ("https://tasks.example", "tasks.example:443"),
        ("https://tasks.example:443", "tasks.example"),
        ("http://tasks.example", "tasks.example:80"),
        ("https://Tasks.example", "tasks.example"),
        ("http://[::1]:8000", "[::1]:8000"),
    ],
)
def test_page_of_the_host_may_connect(origin: str, host: str) -> None:
    assert allowed(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://evil.example", "tasks.example"),
        ("http://localhost:3000", "localhost:8000"),
        ("https://tasks.example", "tasks.example:80"),
        ("http://tasks.example", "tasks.example:443"),
        ("null", "tasks.example"),
        ("null", ""),
        ("file://", ""),
        ("", ""),
        ("https://tasks.example@evil.example", "tasks.example"),
        ("https://tasks.example:x", "tasks.example"),
        ("capacitor://localhost", "localhost"),
        ("https://[", "["),
    ],
)
def test_other_page_may_not_connect(origin: str, host: str) -> None:
    assert not allowed(origin, host)


def test_origin_of_the_setting_may_connect() -> None:
    assert allowed("https://app.example", "tasks.example", "https://app.example")
