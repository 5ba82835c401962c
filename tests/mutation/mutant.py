"""A mutant: one file with one small change."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


Key = tuple[str, str, str, int]


class Edit(NamedTuple):
    """The replacement of a range of bytes, and the name of its operator."""

    start: int
    end: int
    text: str
    operator: str


@dataclass(frozen=True)
class Mutant:
    """One edit of a file. `before` and `after` are the lines of the edit, joined and without repeated blanks.

    `number` counts the earlier edits of the file that look the same, because they change an equal line.
    """

    group: str
    path: str
    line: int
    edit: Edit
    before: str
    after: str
    number: int

    @property
    def key(self) -> "Key":
        """What identifies the mutant when the lines around it move."""
        return self.path, self.before, self.after, self.number

    def source(self) -> bytes:
        """Return the file with the edit."""
        return _apply((ROOT / self.path).read_bytes(), self.edit)

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.edit.operator}\n    - {self.before}\n    + {self.after}"


def mutants_of(group: str, path: str, source: bytes, edits: list[Edit]) -> Iterator[Mutant]:
    """Yield a mutant for each edit that changes the file. Of edits with the same effect, only the first counts."""
    seen, same = set(), Counter[tuple[str, str]]()
    for edit in sorted(edits):
        changed = _apply(source, edit)
        if changed != source and changed not in seen:
            seen.add(changed)
            start = source.rfind(b"\n", 0, edit.start) + 1
            end = source.find(b"\n", edit.end)
            end = len(source) if end < 0 else end
            before, after = _flat(source[start:end]), _flat(_apply(source[:end], edit)[start:])
            line = source.count(b"\n", 0, edit.start) + 1
            yield Mutant(group, path, line, edit, before, after, same[before, after])
            same[before, after] += 1


def _apply(source: bytes, edit: Edit) -> bytes:
    return source[: edit.start] + edit.text.encode() + source[edit.end :]


def _flat(text: bytes) -> str:
    return " ".join(text.decode().split())
