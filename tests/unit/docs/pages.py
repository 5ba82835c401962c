"""Reads the pages of the documentation and their parts."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted(DOCS.rglob("*.md")),
    *sorted((ROOT / "examples").glob("*.md")),
    *sorted((ROOT / "examples").glob("*/*.md")),
]
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_FENCE = re.compile(r"```.*?```", re.DOTALL)


def tracked_files() -> Iterator[Path]:
    """Yield the files of the repository, without ignored ones."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    yield from (path for name in listed.splitlines() if (path := ROOT / name).is_file())


def page_name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@cache
def without_code_blocks(page: Path) -> str:
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


@cache
def code_spans(page: Path) -> list[str]:
    """Return the code blocks and the inline code of a page."""
    return _CODE.findall(page.read_text(encoding="utf-8"))


def links(page: Path) -> list[str]:
    return _LINK.findall(without_code_blocks(page))


def linked_files(page: Path) -> set[Path]:
    """Return the files of this repository that a page links to."""
    targets = (link.partition("#")[0] for link in links(page) if not link.startswith(("http://", "https://")))
    return {(page.parent / target).resolve() for target in targets if target}


@cache
def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings, as GitHub names them."""
    titles = re.findall(r"^#+ (.+)$", without_code_blocks(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def table_cells(page: Path) -> list[str]:
    rows = [line for line in without_code_blocks(page).splitlines() if line.startswith("|")]
    return [cell.strip() for row in rows for cell in re.split(r"(?<!\\)\|", row)]


def tables(page: Path) -> list[list[str]]:
    """Return the rows of each table: the lines in an unbroken run of lines that begin with a bar."""
    runs = re.findall(r"(?:^[ ]*\|.*\n?)+", without_code_blocks(page), re.MULTILINE)
    return [run.splitlines() for run in runs]


def section(page: Path, heading: str) -> str:
    """Return the text below a heading of level 2, up to the next one."""
    return page.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def first_cells(text: str) -> set[str]:
    """Return the code in the first cells of the tables in a text."""
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("|")]
    return {code for cell in rows for code in re.findall(r"`([^`]+)`", cell)}
