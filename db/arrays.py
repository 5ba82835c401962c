"""Arrays as parameters, in PostgreSQL's binary format. psycopg's own arrays take several times as long to build."""

import struct
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

_TEXT, _TIMESTAMPTZ, _UUID, _TSVECTOR = 25, 1184, 2950, 3614
_NULL, _UUID_LENGTH, _TIME_LENGTH = b"\xff\xff\xff\xff", b"\0\0\0\x10", b"\0\0\0\x08"
_length = struct.Struct(">i").pack
_time = struct.Struct(">q").pack
_EPOCH, _MICROSECOND = datetime(2000, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


class Array:
    """A parameter that is an array. The statement must cast it to the type of the array."""

    def __init__(self, element_type: int, count: int, elements: Iterable[bytes]) -> None:
        # The dimensions, whether there may be NULLs, and the type; then the length and the lower bound.
        head = struct.pack(">iii", 1 if count else 0, 1, element_type)
        self.data = b"".join((head, struct.pack(">ii", count, 1) if count else b"", *elements))


class _ArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Any) -> Buffer:
        data: bytes = obj.data
        return data


psycopg.adapters.register_dumper(Array, _ArrayDumper)


def uuid_array(values: Sequence[UUID | None]) -> Array:
    """Return a `uuid[]`, which may hold NULLs."""
    return Array(_UUID, len(values), [_NULL if value is None else _UUID_LENGTH + value.bytes for value in values])


def id_array(values: Sequence[bytes]) -> Array:
    """Return a `uuid[]` of ids of 16 bytes each."""
    return Array(_UUID, len(values), [_UUID_LENGTH + value for value in values])


def text_array(values: Sequence[str | None]) -> Array:
    """Return a `text[]`, which may hold NULLs."""
    encoded = [None if value is None else value.encode() for value in values]
    return Array(_TEXT, len(values), [_NULL if value is None else _length(len(value)) + value for value in encoded])


def literal_array(values: Sequence[Sequence[str]]) -> Array:
    """Return a `text[]` that holds a literal of a `text[]` for each value."""
    return text_array([_array_literal(texts) if texts else "{}" for texts in values])


def _array_literal(texts: Sequence[str]) -> str:
    joined = "\0".join(texts)  # no text in PostgreSQL contains it
    escaped = joined.replace("\\", r"\\").replace('"', r"\"")
    return '{"' + escaped.replace("\0", '","') + '"}'


def tsvector_array(values: Sequence[bytes]) -> Array:
    """Return a `tsvector[]` of values in PostgreSQL's binary format."""
    return Array(_TSVECTOR, len(values), [_length(len(value)) + value for value in values])


def time_array(values: Sequence[datetime | None]) -> Array:
    """Return a `timestamptz[]`, which may hold NULLs."""
    return Array(
        _TIMESTAMPTZ,
        len(values),
        [_NULL if value is None else _TIME_LENGTH + _time((value - _EPOCH) // _MICROSECOND) for value in values],
    )


# The function for an array of an SQL type. Enums, arrays and JSON are sent as text.
ARRAYS: dict[str, Callable[[Sequence[Any]], Array]] = {
    "text": text_array,
    "timestamptz": time_array,
    "uuid": uuid_array,
    "text[]": literal_array,
    "json": text_array,
}
