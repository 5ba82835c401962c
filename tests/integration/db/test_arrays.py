"""Tests that PostgreSQL reads the arrays that are sent in its binary format."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.arrays import Array, literal_array, text_array, time_array, uuid_array
from tests.support.examples import examples

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@settings(max_examples=examples(100), suppress_health_check=list(HealthCheck))
@given(st.lists(st.uuids(allow_nil=True)), st.lists(st.none() | TEXTS), st.lists(st.none() | TIMES))
def test_arrays_are_read_back(
    database_url: str, ids: list[UUID], texts: list[str | None], times: list[datetime | None]
) -> None:
    arrays: list[tuple[Sequence[Any], Array, LiteralString]] = [
        (ids, uuid_array(ids), "uuid[]"),
        (texts, text_array(texts), "text[]"),
        (times, time_array(times), "timestamptz[]"),
    ]
    with psycopg.connect(database_url) as connection:
        for values, array, sql_type in arrays:
            found = connection.execute(f"SELECT unnest(%s::{sql_type})", (array,)).fetchall()
            assert [value for (value,) in found] == values


@settings(max_examples=examples(100), suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(TEXTS | st.sampled_from(["", "NULL", '"', "\\", "{}", "a,b"]))))
def test_arrays_in_an_array_are_read_back(database_url: str, arrays: list[list[str]]) -> None:
    with psycopg.connect(database_url) as connection:
        sql = "SELECT element::text[] FROM unnest(%s::text[]) AS element"
        found = connection.execute(sql, (literal_array(arrays),)).fetchall()
        assert [value for (value,) in found] == arrays
