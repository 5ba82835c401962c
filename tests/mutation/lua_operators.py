"""The edits of Lua scripts: conditions, comparisons, numbers, arguments and omitted commands."""

import re
from collections.abc import Iterator

from tests.mutation.mutant import Edit

_COMMENT = re.compile(rb"--[^\n]*")
_TEXT = re.compile(rb"'[^'\n]*'|\"[^\"\n]*\"")
_SWAPS = {
    rb"(?<![<>=~])<(?!=)": "<=", rb"<=": "<", rb"(?<![<>=~])>(?!=)": ">=", rb">=": ">", rb"==": "~=", rb"~=": "==",
    rb"\band\b": "or", rb"\bor\b": "and", rb"\bnot ": "", rb"(?<= )\+(?= )": "-", rb"(?<= )-(?= )": "+",
    rb"\bmath\.min\b": "math.max", rb"\bmath\.max\b": "math.min", rb"\btrue\b": "false", rb"\bfalse\b": "true",
}  # fmt: skip
# Arguments of commands and flags of callers.
_TEXTS = {b"'GT'": None, b"'1'": "'0'", b"'0'": "'1'", b"'-inf'": "'+inf'", b"'+inf'": "'-inf'"}
_EXCLUSIVE = re.compile(rb"'\(' \.\. ")
_CONDITION = re.compile(rb"\b(?:else)?if\b(.*?)\bthen\b", re.DOTALL)
_COMMAND = re.compile(
    rb"(?:redis\.call|emit|settle_mark|set_entry|set_membership|set_no_expiry|append|math\.max)(?=\()"
)
# What stands before a command that is a statement of its own.
_BEFORE_STATEMENT = re.compile(rb"(?:^|\n|\bthen|\belse|\bdo|\))[ \t]*$")


def lua_edits(source: bytes) -> list[Edit]:
    """Return the edits of a script."""
    return list(_edits(source))


def _edits(source: bytes) -> Iterator[Edit]:
    comments = [found.span() for found in _COMMENT.finditer(source)]
    texts = [found.span() for found in _TEXT.finditer(source) if not _within(comments, found.start())]

    def is_code(start: int) -> bool:
        return not _within(comments, start) and not _within(texts, start)

    for pattern, other in _SWAPS.items():
        for found in re.finditer(pattern, source):
            if is_code(found.start()):
                yield Edit(found.start(), found.end(), other, f"Lua {found[0].decode().strip()}")
    for found in re.finditer(rb"(?<![\w.])\d+\b", source):
        if is_code(found.start()):
            yield Edit(found.start(), found.end(), str(int(found[0]) + 1), "Lua number")
    for start, end in texts:
        text = source[start:end]
        if text == b"'GT'":
            yield Edit(start, end + len(b", "), "", "Lua without GT")
        elif text in _TEXTS:
            yield Edit(start, end, str(_TEXTS[text]), "Lua argument")
    for found in _EXCLUSIVE.finditer(source):
        if not _within(comments, found.start()):
            yield Edit(found.start(), found.end(), "", "Lua inclusive bound")
    for found in _CONDITION.finditer(source):
        if is_code(found.start()):
            for truth in (" true ", " false "):
                yield Edit(found.start(1), found.end(1), truth, "Lua condition")
    for found in _COMMAND.finditer(source):
        line = source[source.rfind(b"\n", 0, found.start()) : found.start()]
        if is_code(found.start()) and _BEFORE_STATEMENT.search(line):
            yield Edit(found.start(), _end_of_call(source, found.end(), texts), "do end", "Lua omission")


def _within(spans: list[tuple[int, int]], at: int) -> bool:
    return any(start <= at < end for start, end in spans)


def _end_of_call(source: bytes, start: int, texts: list[tuple[int, int]]) -> int:
    depth = 0
    for at in range(start, len(source)):
        if _within(texts, at):
            continue
        depth += {b"(": 1, b")": -1}.get(source[at : at + 1], 0)
        if depth == 0:
            return at + 1
    raise ValueError(f"The call at {start} does not end.")
