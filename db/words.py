"""The words of a task, for the word index and for searches. The only definition of a word.

A word is a run of letters, digits and combining marks, without regard to case and accents. Every other character
separates words. In scripts that are written without spaces, and for symbols such as emoji, a word may begin and end at
any character: the index holds each pair of adjacent characters there. docs/reference/search.md has the rules.
"""

import asyncio
import re
import struct
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from operator import add
from typing import LiteralString

# The definition's version. Rows whose `words_version` differs have words of another definition, or none.
VERSION: LiteralString = "1"
# PostgreSQL indexes words of up to 2,046 bytes, 255 positions of a word, and positions up to 16,383.
MAX_WORD_BYTES, MAX_POSITIONS, LAST_POSITION = 2_000, 255, 16_383
# A text of up to this many characters has no longer word.
_MAX_WORD_CHARACTERS = MAX_WORD_BYTES // 4
# Precedes each character at which a word may begin and end. Input cannot contain it: it separates words.
_SINGLE = "\x01"
# How the names of characters begin that belong to scripts without spaces between words.
_UNSPACED = (
    *("CJK ", "HIRAGANA ", "KATAKANA", "HALFWIDTH KATAKANA", "BOPOMOFO ", "IDEOGRAPHIC ", "YI ", "TANGUT ", "NUSHU "),
    *("THAI ", "LAO ", "KHMER ", "MYANMAR ", "TAI ", "NEW TAI ", "AHOM "),
)
# Letters that are used as apostrophes, which separate words.
_APOSTROPHES = "\u02bb\u02bc\u02bd"
# Accents, vowel points of Hebrew and Arabic, invisible characters within a word, and what only varies an emoji.
_IGNORED = re.compile(
    "[\u0300-\u036f\u20d0-\u20f0\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
    "\u00ad\u061c\u180b-\u180f\u200c-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff"
    "\U0001f3fb-\U0001f3ff\U000e0001-\U000e01ef]+"
)
# Signs that stand for letters, such as ™ and ₨. They are words of their own.
_SIGNS = re.compile(
    "([\u20a8\u2100\u2101\u2103\u2105\u2106\u2109\u2116\u2120-\u2122\u213b\u249c-\u24e9\u3200-\u321e\u322a-\u3247\u3250"
    "\u3260-\u327e\u328a-\u32b0\u32c0-\u33ff\U0001f110-\U0001f12e\U0001f130-\U0001f14f\U0001f16a-\U0001f16c\U0001f190"
    "\U0001f200-\U0001f251\ufdfc])"
)
# ASCII letters in lower case and digits, a space for each other ASCII character, and all other bytes.
_ASCII = bytes(ord(chr(byte).lower()) if chr(byte).isalnum() else 32 for byte in range(128)) + bytes(range(128, 256))
# A chunk of up to this many bytes is probably a word that occurs in other tasks too.
_CACHED_CHUNK_BYTES = 40
# Computing the words of this many Chinese characters takes about 5 ms.
_MAX_CHARACTERS_AT_ONCE = 5_000
# Stands between the words of title and description.
_GAP = b""
_count = struct.Struct(">i").pack


class _Characters(dict[int, str]):
    """What each character of a folded text becomes. Entries are added when a character is first seen."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        self[code] = result = _character(letter)
        return result


def _character(letter: str) -> str:
    kind = unicodedata.category(letter)
    if letter in _APOSTROPHES:
        return " "
    # Unassigned characters are symbols too: this Unicode version may not know the newest emoji yet.
    if kind in ("So", "Cn", "Co") or (kind[0] in "LM" and unicodedata.name(letter, "").startswith(_UNSPACED)):
        return _SINGLE + letter
    return letter if kind[0] in "LMN" else " "


_CHARACTERS = _Characters()


def fold(text: str) -> str:
    """Return the text without differences of case, accents and Unicode forms. Folding again changes nothing."""
    folded = unicodedata.normalize("NFKD", _SIGNS.sub(r" \1 ", text)).casefold()
    folded = _IGNORED.sub("", unicodedata.normalize("NFKD", folded)).replace("ı", "i")
    return unicodedata.normalize("NFC", folded)


def words_in(text: str) -> list[str]:
    """Return the folded words of a text, in order. A run of characters without spaces is one word."""
    return [word.removeprefix(_SINGLE) for word in _split(text)]


def _split(text: str) -> list[str]:
    """Return the folded words of a text, in order. `_SINGLE` precedes a run of characters without spaces."""
    words: list[str] = []
    for chunk in fold(text).translate(_CHARACTERS).split():
        first, *others = chunk.split(_SINGLE)
        if word := _without_leading_marks(first):
            words.append(word)
        run = ""
        for piece in others:
            run += piece[0]
            if word := _without_leading_marks(piece[1:]):
                words += (_SINGLE + run, word)
                run = ""
        if run:
            words.append(_SINGLE + run)
    return words


def _without_leading_marks(word: str) -> str:
    """Return the word from its first letter or digit. A mark before it belongs to a symbol: the stem of a note."""
    letters = (at for at, letter in enumerate(word) if unicodedata.category(letter)[0] != "M")
    return word[next(letters, len(word)) :]


def _pairs(word: str) -> list[str]:
    """Return the lexemes of a word: the word itself, or the pairs of adjacent characters and the last character."""
    if word[0] != _SINGLE:
        return [word]
    return [*map(add, word[1:], word[2:]), word[-1]]


def _lexemes(text: str) -> list[bytes]:
    """Return the lexemes of a text in order, in UTF-8."""
    chunks = text.encode().translate(_ASCII).split()
    if not text.isascii():
        chunks = list(chain.from_iterable((chunk,) if chunk.isascii() else _fold_chunk(chunk) for chunk in chunks))
    return chunks if len(text) <= _MAX_WORD_CHARACTERS else [_shortened(chunk) for chunk in chunks]


def _fold_chunk(chunk: bytes) -> Sequence[bytes]:
    return _fold_short_chunk(chunk) if len(chunk) <= _CACHED_CHUNK_BYTES else _fold_chunk_now(chunk)


def _fold_chunk_now(chunk: bytes) -> tuple[bytes, ...]:
    """Return the lexemes of a text without ASCII characters that separate words."""
    return tuple(_shortened(lexeme.encode()) for word in _split(chunk.decode()) for lexeme in _pairs(word))


# Folding a word takes several times as long as everything else, and the same words occur again and again.
_fold_short_chunk = lru_cache(8192)(_fold_chunk_now)


def _shortened(lexeme: bytes) -> bytes:
    """Return the beginning of a lexeme that is too long for the index."""
    if len(lexeme) <= MAX_WORD_BYTES:
        return lexeme
    return lexeme[:MAX_WORD_BYTES].decode(errors="ignore").encode()


def tsvector(title: str, description: str) -> bytes:
    """Return the words of a task with their positions, as a tsvector in PostgreSQL's binary format.

    A position between title and description stays free, so that no phrase matches the end of one and the start of the
    other.
    """
    found = _lexemes(title)
    if description:
        found += (_GAP, *_lexemes(description))
    elif len(set(found)) == len(found) <= len(_ONCE):
        return _count(len(found)) + b"".join(map(add, found, _ONCE))
    endings: dict[bytes, bytes] = {}
    repeated: dict[bytes, bytes] = {}
    for lexeme, ending in zip(found, chain(_ONCE, map(_once, range(len(_ONCE) + 1, LAST_POSITION + 1))), strict=False):
        if lexeme in endings:
            repeated[lexeme] = repeated.get(lexeme, endings[lexeme][-2:]) + ending[-2:]
        else:
            endings[lexeme] = ending
    for lexeme in found[LAST_POSITION:]:
        endings.setdefault(lexeme, _once(LAST_POSITION))
    for lexeme, positions in repeated.items():
        number = min(len(positions) // 2, MAX_POSITIONS)
        endings[lexeme] = struct.pack(">xH", number) + positions[: 2 * number]
    endings.pop(_GAP, None)
    return _count(len(endings)) + b"".join(map(add, endings.keys(), endings.values()))


def _once(position: int) -> bytes:
    """Return what follows a lexeme in a binary tsvector: NUL, the number of its positions, and this only position."""
    return struct.pack(">xHH", 1, position)


# For the first positions. Longer texts compute the others.
_ONCE = [_once(position) for position in range(1, 128)]


async def tsvectors(texts: Iterable[tuple[str, str]]) -> list[bytes]:
    """Return the words of pairs of title and description. Large texts do not keep the event loop for long."""
    found, characters = [], 0
    for title, description in texts:
        size = len(title) + len(description)
        if characters and characters + size > _MAX_CHARACTERS_AT_ONCE:
            await asyncio.sleep(0)
            characters = 0
        characters += size
        found.append(tsvector(title, description))
    return found


def tsquery(terms: Sequence[tuple[str, bool]]) -> str | None:
    """Return the tsquery that matches all terms, or None if no term has a word.

    A term is a text, and whether it must match as a whole. If not, each of its words may continue. A whole term is a
    phrase: its words must follow each other.
    """
    parts: list[str] = []
    for text, whole in terms:
        words = _split(text)
        if whole and words:
            parts.append(_phrase(words, whole=True))
        elif not whole:
            parts += [_phrase([word], whole=False) for word in words]
    return " & ".join(parts) or None


def _phrase(words: list[str], *, whole: bool) -> str:
    """Return the tsquery of consecutive words. A run of characters without spaces may continue after its last one."""
    *complete, last = words
    lexemes = [lexeme for word in complete for lexeme in _pairs(word)] + _pairs(last)
    is_run = last[0] == _SINGLE
    if is_run and len(last) > 2:
        lexemes.pop()  # its last character ends the run only in the query
    quoted = [f"'{_shortened(lexeme.encode()).decode()}'" for lexeme in lexemes]
    if (not whole and not is_run) or (is_run and len(last) == 2):
        quoted[-1] += ":*"
    return "(" + " <-> ".join(quoted) + ")"
