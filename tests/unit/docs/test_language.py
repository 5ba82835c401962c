"""Tests that the documentation, the docstrings and the comments use plain language.

Each marker is a word or phrase that is common in unclear sentences: an archaic word, a pronoun without a
noun, a paraphrase of a technical term. Some sentences need a marker, so the test limits the rate of markers.
"""

import ast
import io
import re
import tokenize
from collections import Counter
from pathlib import Path

import pytest

from tests.unit.docs.pages import PAGES, ROOT, tracked_files

MARKER = re.compile(
    r"\b(?:somebody|nobody|anybody|hole|holes|dear|anew|mend|mends|mended|reckon|reckons|reckoned|meanwhile|whoever|"
    r"be it|as it is|goes on|go on|going on|of which|besides|in a circle|once more|done again|at fault|those that|"
    r"those who|who asks|what is|what was|which is|that one|each of|the other|the others|until then|all the same|"
    r"the like|likewise|lest|for it|hence|thereof|therein|apart|held against|it is|is not there|is there|there is|"
    r"they are)\b",
    re.IGNORECASE,
)
WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
MAX_MARKERS_PER_1000_WORDS_OF_DOCS = 3
MAX_MARKERS_PER_1000_WORDS_OF_CODE = 5
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def prose(page: Path) -> str:
    """Return the text of a page without code."""
    return re.sub(r"`[^`]*`", "", re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL))


def python_prose(path: Path) -> str:
    """Return the docstrings and comments of a module."""
    source = path.read_text(encoding="utf-8")
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, DOCUMENTED)]
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    found = [token.string for token in tokens if token.type == tokenize.COMMENT]
    return "\n".join([*filter(None, map(ast.get_docstring, nodes)), *found])


def comments(path: Path) -> str:
    """Return the comments of a source file. Empty for other files."""
    match path.suffix:
        case ".py":
            return python_prose(path)
        case ".lua" | ".sql":
            return "\n".join(re.findall(r"--.*", path.read_text(encoding="utf-8")))
        case ".ts" | ".tsx":
            return "\n".join(re.findall(r"//[^\n]*|/\*.*?\*/", path.read_text(encoding="utf-8"), re.DOTALL))
    return ""


def marker_rate(texts: dict[Path, str]) -> tuple[float, str]:
    """Return the markers per 1,000 words, the most frequent markers, and the files with the most markers."""
    markers = {path: [match.lower() for match in MARKER.findall(text)] for path, text in texts.items()}
    words = sum(len(WORD.findall(text)) for text in texts.values())
    frequent = Counter(marker for found in markers.values() for marker in found).most_common(20)
    files = Counter({path.relative_to(ROOT).as_posix(): len(found) for path, found in markers.items()}).most_common(20)
    return 1000 * sum(map(len, markers.values())) / words, f"{frequent} in {files}"


def test_documentation_is_plain() -> None:
    rate, details = marker_rate({page: prose(page) for page in PAGES})
    assert rate <= MAX_MARKERS_PER_1000_WORDS_OF_DOCS, details


@pytest.mark.no_cover
def test_docstrings_and_comments_are_plain() -> None:
    rate, details = marker_rate({path: comments(path) for path in tracked_files()})
    assert rate <= MAX_MARKERS_PER_1000_WORDS_OF_CODE, details
