"""Tests the limit on attempts to sign in."""

import pytest

from api.graphql.request import RequestError
from api.identity import attempts
from api.identity.attempts import MAX_ATTEMPTS, Attempts


def test_attempts_of_one_network_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Attempts()
    for number in range(MAX_ATTEMPTS):
        counted.count(f"2001:db8::{number:x}")
    counted.count("192.0.2.1")
    counted.count("2001:db8:0:1::1")
    with pytest.raises(RequestError, match="too many attempts") as caught:
        counted.count("2001:db8::ffff")
    assert (caught.value.status, caught.value.extensions["code"]) == (429, "TOO_MANY_ATTEMPTS")
    assert 1 <= int(caught.value.headers["Retry-After"]) <= 60
    monkeypatch.setattr("api.identity.attempts.time.monotonic", lambda: 10.0**9)
    counted.count("2001:db8::ffff")


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MAX_ADDRESSES", 3)
    counted = Attempts()
    for number in range(10):
        counted.count(f"192.0.2.{number}")
    assert len(counted._counts) == 3
