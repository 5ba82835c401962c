"""The scalar DateTime accepts exactly the times of RFC 3339, and prints one form."""

import re
from datetime import datetime, timedelta, timezone

import pytest
from graphql import parse, validate
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strawberry.exceptions import StrawberryInputCoercionError

from cache.redis.encoded_task import encode
from schema.build import create_schema
from schema.types.date_time import DATE_TIME, parse_date_time, serialize_date_time
from tests.support.examples import examples
from tests.support.task_strategies import rows

USUAL = "2026-11-25T08:30:00"
DIGITS = "0123456789\u0661"  # with a digit that is not ASCII
PRINTED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")


def number(low: int, high: int, width: int) -> st.SearchStrategy[str]:
    return st.integers(low, high).map(lambda value: f"{value:0{width}}")


# Texts around the form of RFC 3339: parts out of range, other separators, more or fewer digits.
OFFSETS = st.one_of(
    st.sampled_from(["", "Z", "z", "+00:00", "-00:00", "+01:60", "+24:00", "+5", "+05", "+0530", "+05:3", "Z "]),
    st.builds("{}{}:{}".format, st.sampled_from("+-"), number(0, 25, 2), number(0, 61, 2)),
)
FRACTIONS = st.one_of(
    st.just(""), st.builds("{}{}".format, st.sampled_from(".,"), st.text(st.sampled_from(DIGITS), max_size=8))
)
DATES = st.one_of(
    st.builds("{}-{}-{}".format, number(0, 9999, 4), number(0, 13, 2), number(0, 32, 2)),
    st.sampled_from(["2026", "2026-11", "2026-W48-3", "2026W483", "2026-330", "2024-02-29", "2026-02-29"]),
)
CLOCKS = st.one_of(
    st.builds("{}:{}:{}".format, number(0, 24, 2), number(0, 61, 2), number(0, 61, 2)),
    st.sampled_from(["24:00:00", "08", "08:30", "083000", "0830"]),
)
TIMES = st.builds("{}{}{}{}{}".format, DATES, st.sampled_from("Tt _1"), CLOCKS, FRACTIONS, OFFSETS)


def rfc_3339(text: str) -> datetime | None:
    """Return the time that RFC 3339 gives to a text, computed part by part, or None."""
    found = re.fullmatch(
        r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
        r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))",
        text,
    )
    if found is None:
        return None
    *whole, fraction, sign, hours, minutes = found.groups()
    if int(hours or 0) > 23 or int(minutes or 0) > 59:
        return None
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    try:
        microseconds = int((fraction or "")[:6].ljust(6, "0"))
        return datetime(*map(int, whole), microseconds, tzinfo=timezone(offset))  # type: ignore[arg-type,misc]
    except ValueError:
        return None


def parsed(value: object) -> datetime | None:
    try:
        return parse_date_time(value)
    except StrawberryInputCoercionError:
        return None


def assert_as_in_the_rfc(text: str) -> None:
    found, expected = parsed(text), rfc_3339(text)
    assert found == expected
    assert found is None or expected is None or found.utcoffset() == expected.utcoffset()


@pytest.mark.no_cover
@settings(max_examples=examples(2000))
@given(TIMES)
@example("0001-01-01T00:00:00+23:59")
@example("9999-12-31T23:59:59.999999-23:59")
def test_exactly_the_times_of_the_rfc_are_accepted(text: str) -> None:
    assert_as_in_the_rfc(text)


@pytest.mark.no_cover
@settings(max_examples=examples(1000))
@given(st.data())
def test_one_changed_character_is_treated_as_in_the_rfc(data: st.DataObject) -> None:
    text = USUAL + data.draw(st.sampled_from(["", "Z", ".5Z", ".123456789+05:30", "-01:00"]))
    at = data.draw(st.integers(0, len(text)))
    assert_as_in_the_rfc(
        text[:at] + data.draw(st.text(max_size=2)) + text[at + data.draw(st.integers(0, 2)) :],
    )


@pytest.mark.parametrize(
    "value",
    [
        *("2026", "2026-W48-3", "2026-11-25", "2026-11-25T24:00:00Z", "20261125T083000Z", "2026-11-25 08:30:00Z"),
        *("2026-12-31T23:59:60Z", USUAL, USUAL + " Z", USUAL + "Z\n", "\ud800", "x" * 10_000, ""),
    ],
)
def test_other_texts_are_rejected_with_the_form_to_use(value: str) -> None:
    form = r"RFC 3339 with an offset, such as 2026-11-25T08:30:00Z"
    with pytest.raises(StrawberryInputCoercionError, match=form) as caught:
        parse_date_time(value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [None, 5, 1.5, True, [USUAL], {"a": 1}, {"a": "x" * 1000}])
def test_other_values_are_rejected(value: object) -> None:
    assert parsed(value) is None


def test_day_that_does_not_exist_is_named() -> None:
    with pytest.raises(StrawberryInputCoercionError, match="day is out of range for month"):
        parse_date_time("2026-02-30T00:00:00Z")


@pytest.mark.parametrize("microsecond", [0, 1, 500_000, 999_999])
def test_time_is_printed_in_utc_with_six_digits(microsecond: int) -> None:
    local = datetime(2026, 11, 25, 10, 30, 0, microsecond, tzinfo=timezone(timedelta(hours=2)))
    assert serialize_date_time(local) == f"{USUAL}.{microsecond:06}+00:00"
    assert parsed(serialize_date_time(local)) == local


@given(rows())
def test_times_in_entries_have_the_form_of_the_scalar(row: object) -> None:
    entry = encode("default", row)  # type: ignore[arg-type]
    times = re.findall(rb'"(?:created|updated|expires)At":"([^"]*)"', entry.json)
    assert {time.decode() for time in times} == {
        serialize_date_time(time) for time in (entry.created_at, entry.updated_at, entry.expires_at) if time
    }
    assert all(PRINTED.fullmatch(time.decode()) for time in times)


def test_scalar_names_its_specification() -> None:
    assert DATE_TIME.specified_by_url == "https://www.rfc-editor.org/rfc/rfc3339"


def test_error_of_a_literal_has_its_place() -> None:
    document = parse('{ filterTasks(filter: {\n  createdAt: {from: "2026"} }) { nodes { id } } }')
    errors = validate(create_schema()._schema, document)
    assert [error.formatted["locations"] for error in errors] == [[{"line": 2, "column": 21}]]
    assert "RFC 3339" in errors[0].message
