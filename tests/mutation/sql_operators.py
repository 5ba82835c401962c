"""The edits of SQL: conditions, locks, orders, limits, comparisons, numbers and functions."""

import re
from collections.abc import Iterator

from tests.mutation.mutant import Edit

_SQL = re.compile(rb"\b(SELECT|UPDATE|INSERT|DELETE FROM|WHERE|ORDER BY|IS NULL|PERFORM)\b")
# Comments, texts, and the parameters and Python expressions within a statement, which stay as they are.
_OPAQUE = re.compile(rb"--[^\n]*|%\(\w+\)s|\{\{|\}\}|\{[^{}]*\}|'[^']*'")
# Where a condition, an order or a limit ends, unless it stands in deeper parentheses.
_END = re.compile(
    rb"\b(AND|OR|ORDER|RETURNING|GROUP|LIMIT|OFFSET|FOR|ON|THEN|UNION|WHERE|FROM|AS)\b|;|\"\"\"|\"$", re.IGNORECASE
)
_SWAPS = {
    rb"\bIS NULL\b": "IS NOT NULL", rb"\bIS NOT NULL\b": "IS NULL", rb"(?<![<>=:])<(?![=<>])": "<=", rb"<=": "<",
    rb"(?<![<>=-])>(?![=<>])": ">=", rb">=": ">", rb"(?<![<>=:!])=(?![=>])": "<>", rb"<>": "=",
    rb"\bgreatest\b": "least", rb"\bleast\b": "greatest", rb"\bAND\b": "OR", rb"\bOR\b": "AND", rb"\bDESC\b": "ASC",
    rb"\bclock_timestamp\b": "now", rb"\bstatement_timestamp\b": "now",
    rb"\bpg_advisory_xact_lock\b": "pg_advisory_xact_lock_shared",
    rb"\bpg_advisory_xact_lock_shared\b": "pg_advisory_xact_lock", rb"\bNOT (?!NULL)": "", rb"\bDISTINCT\b": "",
    rb"\bSKIP LOCKED\b": "", rb"\bFOR (NO KEY )?UPDATE( SKIP LOCKED)?\b": "", rb"(?<= )\+(?= )": "-",
    rb"(?<= )-(?= )": "+", rb"\bUNION ALL\b": "UNION",
}  # fmt: skip
_DROPPED = re.compile(rb"\b(AND|OR|ORDER BY|LIMIT|OFFSET)\b")
_PERFORM = re.compile(rb"^ *PERFORM [^;]*;", re.MULTILINE)


def looks_like_sql(text: bytes) -> bool:
    """Return whether a text of Python is a part of a statement."""
    return _SQL.search(text) is not None


def sql_edits(source: bytes) -> list[Edit]:
    """Return the edits of statements, or of a part of one."""
    return list(_edits(source))


def _edits(source: bytes) -> Iterator[Edit]:
    opaque = [found.span() for found in _OPAQUE.finditer(source)]

    def visible(start: int) -> bool:
        return not any(first <= start < last for first, last in opaque)

    for pattern, other in _SWAPS.items():
        for found in re.finditer(pattern, source):
            if visible(found.start()):
                yield Edit(found.start(), found.end(), other, f"SQL {found[0].decode().strip()}")
    for found in re.finditer(rb"(?<![\w.$%(])\d+\b|(?<=\()\d+\b", source):
        if visible(found.start()):
            yield Edit(found.start(), found.end(), str(int(found[0]) + 1), "SQL number")
    for found in _DROPPED.finditer(source):
        if visible(found.start()):
            end = _end_of_clause(source, found.end(), visible)
            yield Edit(found.start(), end, "", f"SQL without {found[0].decode()}")
    for found in re.finditer(rb"\bWHERE\b", source):
        end = _end_of_clause(source, found.end(), visible)
        if visible(found.start()) and source[found.end() : end].strip():
            yield Edit(found.end(), end, " true ", "SQL without the first condition")
    for found in _PERFORM.finditer(source):
        yield Edit(found.start(), found.end(), "", "SQL omission")


def _end_of_clause(source: bytes, start: int, visible: object) -> int:
    """Return where the clause ends that begins at `start`: at the next keyword or parenthesis of its own depth."""
    assert callable(visible)
    depth = 0
    for at in range(start, len(source)):
        if not visible(at):
            continue
        if source[at : at + 1] in b"()":
            depth += 1 if source[at : at + 1] == b"(" else -1
            if depth < 0:
                return at
        elif depth == 0 and _END.match(source, at) and not source[at - 1 : at].isalnum():
            return at
    return len(source)
