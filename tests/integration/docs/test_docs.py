"""What the documents point at is there: pages and their headings, files, make targets, commands and their options."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.support.service_process import ROOT

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
FILE = re.compile(r"(?:\.ci|api|schema|cache|db|loadgen|web|tools|tests|docs)/[\w./-]+\.[a-z]+")
MAKE = re.compile(r"(?:^|[`\s])make ([a-z][a-z-]*)")
COMMAND = re.compile(r"python -m (api|loadgen) ([a-z]+)([^`\n]*)")
# What a build or a run makes.
MADE = ("web/out/", "web/.next/")

every = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def code(page: Path) -> list[str]:
    return CODE.findall(page.read_text())


def headings(page: Path) -> set[str]:
    """The anchors of a page, as GitHub names them."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@cache
def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@cache
def usage(module: str, command: str) -> str:
    words = [sys.executable, "-m", module, command, "--help"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"python -m {module} {command}: {done.stderr}"
    return done.stdout


@every
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)):
        if link.startswith(("http://", "https://")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name) if name else page
        assert target.exists(), link
        assert not anchor or anchor in headings(target), link


@every
def test_files_that_are_named_are_there(page: Path) -> None:
    named = [name for span in code(page) for name in FILE.findall(span) if not name.startswith(MADE)]
    assert [name for name in named if not (ROOT / name).exists()] == []


@every
def test_make_targets_are_there(page: Path) -> None:
    named = {target for span in code(page) for target in MAKE.findall(span.strip("`"))}
    assert named <= targets()


@every
def test_commands_and_their_options_are_there(page: Path) -> None:
    for span in code(page):
        for module, command, rest in COMMAND.findall(span.replace("\\\n", " ")):
            shown = usage(module, command)
            missing = [option for option in re.findall(r"--[a-z-]+", rest.partition("#")[0]) if option not in shown]
            assert missing == [], f"python -m {module} {command}"


def test_the_readme_leads_to_every_page() -> None:
    led = set(LINK.findall((ROOT / "README.md").read_text()))
    assert {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")} <= led
