import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from loadgen.errors import RateLimited, RequestRejected, ServiceUnavailable
from loadgen.responses import response_data


def body(**parts: object) -> bytes:
    return json.dumps(parts).encode()


def test_successful_response_returns_its_data() -> None:
    assert bytes(response_data(200, {}, body(data={"a": 1}, extensions={}))) == b'{"a": 1}'


def test_rate_limit_is_told_apart() -> None:
    with pytest.raises(RateLimited) as raised:
        response_data(429, {"retry-after": "3"}, b"limited")
    assert raised.value.retry_after == 3


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 599])
def test_retryable_status_raises_service_unavailable(status: int) -> None:
    with pytest.raises(ServiceUnavailable, match=f"HTTP {status}: busy") as raised:
        response_data(status, {"retry-after": "7"}, b"busy")
    assert raised.value.retry_after == 7


@pytest.mark.parametrize("status", [301, 400, 401, 404, 413, 415, 422])
def test_other_status_raises_request_rejected_with_the_message(status: int) -> None:
    with pytest.raises(RequestRejected, match=f"HTTP {status}: not like this"):
        response_data(status, {}, body(errors=[{"message": "not like this"}]))


@pytest.mark.parametrize("code", ["UNAVAILABLE", "OUTCOME_UNKNOWN", "DATABASE_BUSY", "WRITES_BUSY"])
def test_retryable_graphql_code_raises_service_unavailable(code: str) -> None:
    errors = [{"message": "Redis is unreachable", "extensions": {"code": code}}]
    with pytest.raises(ServiceUnavailable, match="Redis is unreachable"):
        response_data(200, {}, body(data=None, errors=errors))


@pytest.mark.parametrize("extensions", [None, {}, {"code": "BAD"}])
def test_other_graphql_error_raises_request_rejected(extensions: dict[str, str] | None) -> None:
    errors = [{"message": "no such field", "extensions": extensions}]
    with pytest.raises(RequestRejected, match="no such field"):
        response_data(200, {}, body(data=None, errors=errors))


@pytest.mark.parametrize("content", [b"", b"<html>hello</html>", b"[1]", b"\xff\xfe"])
def test_response_that_is_not_graphql_raises_request_rejected(content: bytes) -> None:
    with pytest.raises(RequestRejected, match="not from a GraphQL service"):
        response_data(200, {}, content)


def test_long_error_page_is_truncated() -> None:
    with pytest.raises(ServiceUnavailable) as raised:
        response_data(502, {}, b"<p>sorry</p>\n" * 1000)
    assert len(str(raised.value)) < 250


def test_retry_after_may_be_a_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    with pytest.raises(ServiceUnavailable) as raised:
        response_data(503, {"retry-after": date}, b"")
    assert raised.value.retry_after == pytest.approx(30, abs=2)


@pytest.mark.parametrize("value", ["soon", "-1", "1.5", "Wed, 99 Foo 2026"])
def test_invalid_retry_after_is_ignored(value: str) -> None:
    with pytest.raises(ServiceUnavailable) as raised:
        response_data(503, {"retry-after": value}, b"")
    assert raised.value.retry_after is None
