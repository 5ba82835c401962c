import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from loadgen.answers import data_of
from loadgen.errors import Refused, Unavailable


def body(**parts: object) -> bytes:
    return json.dumps(parts).encode()


def test_the_data_of_a_good_answer() -> None:
    assert bytes(data_of(200, {}, body(data={"a": 1}, extensions={}))) == b'{"a": 1}'


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 599])
def test_statuses_that_mean_later(status: int) -> None:
    with pytest.raises(Unavailable, match=f"HTTP {status}: busy") as raised:
        data_of(status, {"retry-after": "7"}, b"busy")
    assert raised.value.retry_after == 7


@pytest.mark.parametrize("status", [301, 400, 401, 404, 413, 415, 422])
def test_every_other_status_is_a_refusal_with_what_the_service_said(status: int) -> None:
    with pytest.raises(Refused, match=f"HTTP {status}: not like this"):
        data_of(status, {}, body(errors=[{"message": "not like this"}]))


@pytest.mark.parametrize("code", ["UNAVAILABLE", "OUTCOME_UNKNOWN"])
def test_a_graphql_error_that_means_later(code: str) -> None:
    errors = [{"message": "Redis is away", "extensions": {"code": code}}]
    with pytest.raises(Unavailable, match="Redis is away"):
        data_of(200, {}, body(data=None, errors=errors))


@pytest.mark.parametrize("extensions", [None, {}, {"code": "BAD"}])
def test_any_other_graphql_error_is_a_refusal(extensions: dict[str, str] | None) -> None:
    errors = [{"message": "no such field", "extensions": extensions}]
    with pytest.raises(Refused, match="no such field"):
        data_of(200, {}, body(data=None, errors=errors))


@pytest.mark.parametrize("said", [b"", b"<html>hello</html>", b"[1]", b"\xff\xfe"])
def test_an_answer_that_is_not_graphql(said: bytes) -> None:
    with pytest.raises(Refused, match="not that of a GraphQL service"):
        data_of(200, {}, said)


def test_a_long_page_of_html_is_cut_short() -> None:
    with pytest.raises(Unavailable) as raised:
        data_of(502, {}, b"<p>sorry</p>\n" * 1000)
    assert len(str(raised.value)) < 250


def test_retry_after_as_a_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    with pytest.raises(Unavailable) as raised:
        data_of(503, {"retry-after": date}, b"")
    assert raised.value.retry_after == pytest.approx(30, abs=2)


@pytest.mark.parametrize("value", ["soon", "-1", "1.5", "Wed, 99 Foo 2026"])
def test_a_retry_after_that_says_nothing(value: str) -> None:
    with pytest.raises(Unavailable) as raised:
        data_of(503, {"retry-after": value}, b"")
    assert raised.value.retry_after is None
