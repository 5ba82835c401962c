"""Tests that the documentation names only existing pages, headings, files, make targets, commands and options."""

import importlib.util
import io
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from rich.console import Console

import api.cli
import loadgen.cli
from tests.unit.docs.pages import (
    DOCS,
    PAGES,
    ROOT,
    anchors,
    code_spans,
    first_cells,
    linked_files,
    links,
    page_name,
    section,
    table_cells,
    tables,
    tracked_files,
    without_code_blocks,
)

FILE = re.compile(
    r"(?:\.ci|api|schema|compiler|cache|db|loadgen|benchmarks|web|tools|tests|docs|examples)/[\w./-]+\.[a-z]+(?![\w(])"
)
MAKE = re.compile(r"(?:^|[`\s])make ([a-z][a-z-]*)")
SUITE = re.compile(r"SUITE=([a-z]+)")
COMMAND = re.compile(r"python -m (api|loadgen) ([a-z]+)((?: [a-z]+)?)([^`\n]*)")
MODULE = re.compile(r"python -m ([a-z][\w.]*)")
APPS = {"api": api.cli.app, "loadgen": loadgen.cli.app}
# Files that a build or a run creates.
GENERATED = ("web/out/", "web/.next/", "benchmarks/history/")
MAX_CELL_CHARACTERS = 200
MAX_README_LINES = 120

each_page = pytest.mark.parametrize("page", PAGES, ids=page_name)


@cache
def make_targets(*, listed: bool = False) -> set[str]:
    """Return the targets of the Makefile. With `listed`, return only the targets that `make help` lists."""
    pattern = r"^([a-z][a-z-]*):.*##" if listed else r"^([a-z][a-z-]*):"
    return set(re.findall(pattern, (ROOT / "Makefile").read_text(), re.MULTILINE))


def row_length(row: str) -> int:
    return len(re.split(r"(?<!\\)\|", row.strip()))


@cache
def usage(module: str, command: str) -> str:
    """Return the help text of a command."""
    text = io.StringIO()
    APPS[module].help_print(command.split(), console=Console(file=text, width=200))
    return text.getvalue()


def subcommands(module: str, command: str) -> set[str]:
    """Return the commands of a group such as `token`. Empty for a command that is no group."""
    return {name for name in APPS[module][command] if not name.startswith("-")}


@each_page
def test_links_lead_to_existing_pages_and_headings(page: Path) -> None:
    for link in links(page):
        if link.startswith(("http://", "https://")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name) if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@each_page
def test_headings_of_a_page_differ(page: Path) -> None:
    titles = Counter(re.findall(r"^## .+$", without_code_blocks(page), re.MULTILINE))
    assert [title for title, count in titles.items() if count > 1] == []


@each_page
def test_named_files_exist(page: Path) -> None:
    named = [name for span in code_spans(page) for name in FILE.findall(span) if not name.startswith(GENERATED)]
    assert [name for name in named if not (ROOT / name).exists() and not (page.parent / name).exists()] == []


def test_code_names_only_existing_pages() -> None:
    named = {
        (page, path.relative_to(ROOT).as_posix())
        for path in tracked_files()
        if path.suffix in {".py", ".lua", ".sql", ".ts", ".tsx", ".graphql", ".yaml", ""}
        for page in re.findall(r"\bdocs/[\w/-]+\.(?:md|png|webp)\b", path.read_text(encoding="utf-8"))
    }
    assert {(page, file) for page, file in named if not (ROOT / page).exists()} == set()


@each_page
def test_named_make_targets_and_benchmarks_exist(page: Path) -> None:
    # The changelog also names removed files and settings.
    spans = [span for span in code_spans(page) if page.name != "CHANGELOG.md"]
    assert {target for span in spans for target in MAKE.findall(span.strip("`"))} <= make_targets()
    suites = {suite for span in spans for suite in SUITE.findall(span)}
    assert {suite for suite in suites if not (ROOT / "benchmarks" / f"{suite}.py").exists()} == set()


@each_page
def test_named_commands_and_options_exist(page: Path) -> None:
    spans = [span for span in code_spans(page) if page.name != "CHANGELOG.md"]
    modules = {module for span in spans for module in MODULE.findall(span)}
    assert {module for module in modules if importlib.util.find_spec(module) is None} == set()
    for span in spans:
        for module, command, second, rest in COMMAND.findall(span.replace("\\\n", " ")):
            group = subcommands(module, command)
            assert not group or not second or second.strip() in group, f"python -m {module} {command}{second}"
            shown = usage(module, f"{command}{second}" if group else command)
            missing = [option for option in re.findall(r"--[a-z-]+", rest.partition("#")[0]) if option not in shown]
            assert missing == [], f"python -m {module} {command}"


def test_index_leads_to_every_page() -> None:
    reached, waiting = set[Path](), [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        waiting += [file for file in linked_files(page) if file.suffix == ".md" and file not in reached]
    assert [page_name(page) for page in DOCS.rglob("*.md") if page not in reached] == []


def test_changelog_names_each_change_once() -> None:
    entries = re.split(r"\n(?=[-#])", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    beginnings = [entry[:60] for entry in entries if entry.startswith("- ")]
    assert {beginning for beginning in beginnings if beginnings.count(beginning) > 1} == set()


def test_readme_leads_to_the_index_and_is_short() -> None:
    readme = ROOT / "README.md"
    assert DOCS / "index.md" in linked_files(readme)
    assert len(readme.read_text(encoding="utf-8").splitlines()) <= MAX_README_LINES


@each_page
def test_tables_have_a_header_and_as_many_cells_in_each_row(page: Path) -> None:
    # Without a header, a page shows the bars as text. A row with too many cells loses the last ones.
    for rows in tables(page):
        assert re.fullmatch(r"[|: -]+", "".join(rows[1:2])), rows[0]
        assert [row for row in rows if row_length(row) != row_length(rows[0])] == []


@each_page
def test_table_cells_are_short(page: Path) -> None:
    assert [cell for cell in table_cells(page) if len(cell) > MAX_CELL_CHARACTERS] == []


def test_every_make_target_is_documented() -> None:
    documented = first_cells(section(DOCS / "reference" / "cli.md", "Make targets"))
    assert documented == {f"make {target}" for target in make_targets(listed=True)}


def test_every_command_is_documented() -> None:
    page = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    for module, app in APPS.items():
        commands = {name for name in app if not name.startswith("-") and app[name].show}
        expected = {f"{name} {each}".strip() for name in commands for each in subcommands(module, name) or {""}}
        documented = re.findall(rf"^\| `python -m {module} ([a-z]+(?: [a-z]+)?)", page, re.MULTILINE)
        assert set(documented) == expected


def test_alerts_use_documented_metrics() -> None:
    documented = first_cells(section(DOCS / "reference" / "metrics.md", "Reading /metrics"))
    text = (DOCS / "how-to" / "monitor.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\b((?:millitask|process)_[a-z_]+)\b", text)) <= documented
