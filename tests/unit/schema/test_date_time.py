"""The scalar DateTime accepts the texts that Strawberry's own accepts, and rejects the others with the same errors."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.schema.types.base_scalars import DateTimeDefinition

from schema.types.date_time import parse_date_time
from tests.support.examples import examples

USUAL = "2026-11-25T08:30:00"
DIGITS = "0123456789\u0661"  # with a digit that is not ASCII


def number(low: int, high: int, width: int) -> st.SearchStrategy[str]:
    return st.integers(low, high).map(lambda value: f"{value:0{width}}")


# Texts around the usual form: parts out of range, other separators, more or fewer digits.
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


def result_of(parse: object, value: object) -> object:
    assert callable(parse)
    try:
        time = parse(value)
    except StrawberryInputCoercionError as error:
        return str(error)
    return time, time.utcoffset()


def assert_same(value: object) -> None:
    assert result_of(parse_date_time, value) == result_of(DateTimeDefinition.parse_value, value)


@settings(max_examples=examples(2000))
@given(TIMES)
@example("0001-01-01T00:00:00+23:59")
@example("9999-12-31T23:59:59.999999-23:59")
def test_times_are_those_of_strawberry(text: str) -> None:
    assert_same(text)


@settings(max_examples=examples(1000))
@given(st.data())
def test_one_changed_character_is_treated_as_by_strawberry(data: st.DataObject) -> None:
    text = USUAL + data.draw(st.sampled_from(["", "Z", ".5Z", ".123456+05:30", "-01:00"]))
    at = data.draw(st.integers(0, len(text)))
    assert_same(text[:at] + data.draw(st.text(max_size=2)) + text[at + data.draw(st.integers(0, 2)) :])


@pytest.mark.parametrize("value", [None, 5, 1.5, True, "", "no", [USUAL], {"a": 1}, USUAL + "\n", "\ud800"])
def test_other_values_are_rejected_as_by_strawberry(value: object) -> None:
    assert_same(value)
