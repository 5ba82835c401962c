"""Tests the limit on comparisons in the overlapping-fields validation."""

import pytest
from graphql import parse

from schema.errors import OverLimit
from schema.limits.document import fragments_of
from schema.limits.overlapping_fields import MAX_COMPARISONS, OverlapCounter


def exceeds(text: str, limit: int) -> bool:
    document = parse(text)
    try:
        OverlapCounter(fragments_of(document), limit).document(document)
    except OverLimit:
        return True
    return False


@pytest.mark.parametrize(
    ("text", "comparisons"),
    [
        ("{ a b c }", 3),
        ("{ a a a }", 6),
        ("{ x: a x: b y: a }", 4),
        ("{ a { b } a { b } }", 6),
        ("{ ... { a } ... { a } }", 3),
        ("{ ...F ...F a } fragment F on Q { a }", 3),
        ("query A { a } query B { a a }", 4),
        ("{ a } fragment Unused on Q { b b }", 4),
    ],
)
def test_comparisons_are_counted(text: str, comparisons: int) -> None:
    assert not exceeds(text, comparisons)
    assert exceeds(text, comparisons - 1)


def test_error_states_the_limit_and_the_count() -> None:
    document = parse("{" + "a " * 77 + "}")
    with pytest.raises(OverLimit) as caught:
        OverlapCounter({}).document(document)
    assert caught.value.extensions == {
        "code": "TOO_MANY_REPEATED_FIELDS",
        "limit": MAX_COMPARISONS,
        "requested": 3003,
    }
    assert "3,003" in caught.value.message


def test_recursive_fragment_stops_at_the_limit() -> None:
    assert exceeds("{ ...F } fragment F on Q { a { ...F } }", 100)


def test_field_bomb_stops_at_the_limit() -> None:
    fields = " ".join(f"f{n} {{ ...F%d }}" for n in range(9))
    levels = " ".join(f"fragment F{n} on Q {{ " + fields.replace("%d", str(n + 1)) + " }" for n in range(8))
    assert exceeds(f"{{ ...F0 }} {levels} fragment F8 on Q {{ id }}", MAX_COMPARISONS)
