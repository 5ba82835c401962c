"""Knows which tests run a line, from the coverage of one run with contexts, and how long each of them takes."""

import ast
import re
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from coverage import CoverageData

from tests.mutation.mutant import ROOT, Mutant
from tests.mutation.targets import TESTS, sources

_DURATION = re.compile(r"^(\d+\.\d+)s (setup|call|teardown) +(\S.*)$")


def record(folder: Path, tests: Sequence[str] = ()) -> None:
    """Run all tests once with coverage, which takes minutes; or only these, and keep what is known of the others."""
    config = folder / "settings.ini"  # coverage deletes all files that are named like its data file
    config.write_text(f"[run]\nsource = api,cache,db,schema,compiler\ndata_file = {folder / 'coverage'}\n")
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-m", "not slow", "-p", "no:cacheprovider", "-n", "2"),
        *("--hypothesis-profile=quick", "--cov", f"--cov-config={config}", "--cov-context=test", "--cov-report="),
        *("--durations=0", "--durations-min=0", "-vv", *(["--cov-append", *tests] if tests else TESTS)),
    ]
    with (folder / "tests.log").open("a" if tests else "w") as log:
        subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, check=False)


def existing_tests() -> set[str]:
    """Return the ids of all tests. A test that was renamed since the recording cannot run, so it finds nothing."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *TESTS]
    command += ["--hypothesis-profile=quick"]
    collected = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return {line for line in collected.stdout.splitlines() if "::" in line}


class CoverageMap:
    """The tests of each line, of those that exist."""

    def __init__(self, folder: Path, existing: set[str]) -> None:
        self._existing = existing
        self._data = CoverageData(str(folder / "coverage"))
        self._data.read()
        self.seconds: dict[str, float] = {}
        for line in (folder / "tests.log").read_text().splitlines():
            if (found := _DURATION.match(line)) and found[3] in existing:
                self.seconds[found[3]] = self.seconds.get(found[3], 0.05) + float(found[1])

    def tests_of(self, mutant: Mutant) -> set[str]:
        """Return the tests that run the line of a mutant, or what uses its script, constant or SQL function."""
        if mutant.path.endswith(".lua"):
            return self._users_of_script(Path(mutant.path).stem)
        if mutant.path.endswith(".sql"):
            return self._covering(_lines_with(r"\w*(ENTER_GATE|BEGIN_BUILDING|AWAIT_WRITERS)|\w*gate"))
        lines = self._contexts(mutant.path)
        last = mutant.line + mutant.before.count("\n")
        tests = {test for line in range(mutant.line, last + 1) for test in lines.get(line, ())}
        names = _constants_at(mutant.path, mutant.line)
        if names:
            tests |= self._covering(_lines_with("|".join(names))) | self._tests_with("|".join(names))
        if not tests:  # a default, or a field of a class, which is evaluated when the module is imported
            tests = {test for found in lines.values() for test in found}
            tests |= self._tests_with(re.escape(mutant.path.removesuffix(".py").replace("/", ".")))
        return tests

    def _users_of_script(self, name: str) -> set[str]:
        name = r"\w*" if name == "prelude" else name
        return self._covering(_lines_with(rf'"{name}"', within="cache/"))

    def _tests_with(self, pattern: str) -> set[str]:
        """Return the tests of the files that name a constant: a test may read it and run nothing that uses it."""
        word = re.compile(rf"\b(?:{pattern})\b")
        files = {test.partition("::")[0] for test in self.seconds}
        naming = {path for path in files if (ROOT / path).exists() and word.search((ROOT / path).read_text())}
        return {test for test in self.seconds if test.partition("::")[0] in naming}

    def _covering(self, lines: dict[str, list[int]]) -> set[str]:
        return {
            test
            for path, numbers in lines.items()
            for number in numbers
            for test in self._contexts(path).get(number, ())
        }

    @cache  # noqa: B019
    def _contexts(self, path: str) -> dict[int, list[str]]:
        found = self._data.contexts_by_lineno(str(ROOT / path))
        return {
            line: [test for context in contexts if (test := context.rpartition("|")[0]) in self._existing]
            for line, contexts in found.items()
        }


def _lines_with(pattern: str, within: str = "") -> dict[str, list[int]]:
    word = re.compile(rf"(?<!\w)(?:{pattern})(?!\w)")
    return {
        path: [number for number, line in enumerate(lines, 1) if word.search(line)]
        for path, lines in sources().items()
        if path.startswith(within)
    }


@cache
def _module_constants(path: str) -> list[tuple[int, int, list[str]]]:
    """Return the first and the last line of each assignment of a module, and the names that depend on it."""
    names: list[tuple[int, int, set[str], set[str]]] = []
    for node in ast.parse((ROOT / path).read_text()).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            assigned = {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
            used = {each.id for each in ast.walk(node.value) if isinstance(each, ast.Name)}
            names.append((node.lineno, node.end_lineno or node.lineno, assigned, used))
    found = []
    for first, last, assigned, _ in names:
        dependent = set(assigned)
        for _, _, others, used in names:
            if used & dependent:
                dependent |= others
        found.append((first, last, sorted(dependent)))
    return found


def _constants_at(path: str, line: int) -> list[str]:
    for first, last, names in _module_constants(path):
        if first <= line <= last:
            return names
    return []
