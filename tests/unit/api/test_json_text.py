"""Decoding of JSON that msgspec refuses, and the causes that errors name."""

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.graphql.json_text import NotJson, decode_json, encode_json

TEXT = '{"title": "Träume 𝄞", "n": [1, 2.5, null]}'
VALUE = json.loads(TEXT)
# Any text, also with unpaired surrogates.
TEXTS = st.text(st.characters(categories=["Cs", "L", "P"]), max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_value_survives_encoding_and_decoding(value: Any) -> None:
    assert decode_json(encode_json(value)) == decode_json(json.dumps(value)) == value


@pytest.mark.parametrize("text", [TEXT, TEXT.encode(), "\ufeff" + TEXT, TEXT.encode("utf-8-sig")], ids=ascii)
def test_byte_order_mark_is_ignored(text: str | bytes) -> None:
    assert decode_json(text) == VALUE


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        *((TEXT.encode(name), "encoded in UTF-16") for name in ("utf-16", "utf-16-le", "utf-16-be")),
        *((TEXT.encode(name), "encoded in UTF-32") for name in ("utf-32", "utf-32-le", "utf-32-be")),
        (TEXT[:16].encode("cp1252"), "byte 13 is not UTF-8"),
        ('{"a": NaN}', "contains NaN, which"),
        ('{"a": [Infinity]}', "contains Infinity, which"),
        ('{"a": -Infinity, "b": "\\ud800"}', "contains -Infinity, which"),
        ('{"a": 1e999}', "a number of more than 1.8e308"),
        ('{"a": -1e999, "b": "\\ud800"}', "a number of more than 1.8e308"),
        ('{"a": ' + "9" * 4301 + "}", "an integer of more than 4,300 digits"),
        ('{"a": ' + "9" * 4301 + ', "b": "\\ud800"}', "an integer of more than 4,300 digits"),
        ("[" * sys.getrecursionlimit() * 2, "nested too deeply"),
        ('{"b": "\\ud800", "a":' + "[" * sys.getrecursionlimit() * 2, "nested too deeply"),
        ('{"a": "\\u12"}', "Invalid .* escape"),
        ('{"a": "\x01"}', "Invalid control character"),
        ("{'a': 1}", "property name enclosed in double quotes"),
        ('{"a": 1}}', "Extra data"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_error_names_the_cause(text: str | bytes, cause: str) -> None:
    with pytest.raises(NotJson, match=cause) as caught:
        decode_json(text)
    assert "surrogate" not in str(caught.value)
