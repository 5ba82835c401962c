"""The definition of a word, without a database."""

import asyncio
import json
import struct
import sys
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.words import LAST_POSITION, MAX_POSITIONS, fold, tsquery, tsvector, tsvectors, words_in

UNASSIGNED = ("Cs", "Co", "Cn")
EXAMPLES = Path(__file__).with_name("word_examples.json")
"""The tests of the web page read them too, because the page marks the words that a search has found."""
WORDS = json.loads(EXAMPLES.read_text(encoding="utf-8"))["words"]


@pytest.mark.parametrize("text", WORDS)
def test_words_of_a_text(text: str) -> None:
    assert words_in(text) == WORDS[text].split()


def characters() -> Iterator[str]:
    """Yield all characters but surrogates, private and unassigned ones."""
    return (char for char in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(char) not in UNASSIGNED)


@pytest.mark.no_cover
def test_folding_is_idempotent_and_ignores_case_for_every_character() -> None:
    different = []
    for character in characters():
        folded = fold(character)
        # Most characters are the same in each form.
        forms = {character.upper(), character.lower(), folded} - {character}
        if any(fold(form) != folded for form in forms):
            different.append(character)
    assert different == []


@pytest.mark.no_cover
def test_every_sign_separates_words() -> None:
    signs = [character for character in characters() if unicodedata.category(character)[0] in "PSZ"]
    # Modifiers of emoji, and other signs, only vary the character before them.
    joined = [sign for sign in signs if fold(sign) and not {"a1", "b2"} <= set(words_in(f"A1{sign}B2"))]
    assert joined == []
    assert len(signs) > 8_000


@given(st.text())
def test_words_of_words_are_the_same(text: str) -> None:
    words = words_in(text)
    assert words_in(" ".join(words)) == words
    assert words_in(text.upper()) == words_in(text.lower()) == words


QUERIES = {
    ("rep", False): "('rep':*)",
    ("the Report", True): "('the' <-> 'report')",
    ("it's", False): "('it':*) & ('s':*)",
    ("任务列表", False): "('任务' <-> '务列' <-> '列表')",
    ("表", True): "('表':*)",
    ("新任务 done", True): "('新任' <-> '任务' <-> '务' <-> 'done')",
    ("...", False): None,
    ("...", True): None,
}


@pytest.mark.parametrize(("term", "query"), QUERIES.items())
def test_query_of_a_term(term: tuple[str, bool], query: str | None) -> None:
    assert tsquery([term]) == query


def parse(vector: bytes) -> dict[str, list[int]]:
    """Return the positions of each word in a binary tsvector."""
    (count,) = struct.unpack_from(">i", vector)
    at, words = 4, dict[str, list[int]]()
    for _ in range(count):
        end = vector.index(0, at)
        (number,) = struct.unpack_from(">H", vector, end + 1)
        words[vector[at:end].decode()] = list(struct.unpack_from(f">{number}H", vector, end + 3))
        at = end + 3 + 2 * number
    assert at == len(vector)
    return words


def test_words_have_their_positions_and_the_description_begins_after_a_gap() -> None:
    assert parse(tsvector("The end of the Üser", "the END")) == {
        "the": [1, 4, 7],
        "end": [2, 8],
        "of": [3],
        "user": [5],
    }
    assert parse(tsvector("任务列", "")) == {"任务": [1], "务列": [2], "列": [3]}
    assert parse(tsvector("...", "")) == parse(tsvector("...", "!")) == {}


texts = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("aA .任务é\u0301\u200bﷺ"), max_size=300)


@given(texts, texts)
def test_vector_has_every_word_and_positions_that_postgresql_accepts(title: str, description: str) -> None:
    words = parse(tsvector(title, description))
    for word in words_in(title) + words_in(description):
        assert {"".join(pair) for pair in pairwise(word)} | {word[-1]} <= set(words) or word in words
    for positions in words.values():
        assert len(positions) <= MAX_POSITIONS
        assert all(0 < one < other <= LAST_POSITION for one, other in pairwise([*positions, LAST_POSITION + 1][:-1]))


def test_a_long_word_is_indexed_by_its_beginning() -> None:
    (word,) = parse(tsvector("x", "ü" * 9_999 + "ﬂ" * 2)).keys() - {"x"}
    assert word == "u" * 2_000
    (query,) = [tsquery([("é" * 200, False)])]
    assert query == f"('{'e' * 200}':*)"


def test_positions_end_at_the_last_one_of_postgresql() -> None:
    words = parse(tsvector("x", "\ufdfa" * 4_500))  # each stands for four words
    assert {len(positions) for positions in words.values()} == {1, MAX_POSITIONS}
    words = parse(tsvector("x", " ".join(f"w{number}" for number in range(3_000)) + "\ufdfa" * 4_000))
    assert max(map(max, words.values())) <= LAST_POSITION


async def test_words_of_a_large_batch_are_computed_in_parts() -> None:
    """Other tasks of the event loop run in between, so that none of them waits for the whole batch."""
    others = 0

    async def count() -> None:
        nonlocal others
        while True:
            others += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    vectors = await tsvectors([("任务列表" * 100, "任务列表" * 2_400)] * 10)
    counting.cancel()
    assert len(vectors) == 10
    assert others >= 9
