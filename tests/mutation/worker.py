"""Runs the tests of one mutant after another, each in a new process forked from this one."""

import importlib
import os
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from typing import NamedTuple

from tests.mutation.mutant import ROOT, Mutant
from tests.mutation.stores import SharedStores, drop_databases
from tests.mutation.targets import is_about

# What tests import from other packages. Every child inherits these modules, instead of importing them for a second.
_LIBRARIES = (
    "pytest", "_pytest.assertion.rewrite", "hypothesis.strategies", "psycopg", "psycopg_pool",
    "redis.asyncio", "strawberry.schema", "graphql.validation", "starlette.applications", "uvicorn", "uvloop",
    "httptools", "httpx", "websockets.asyncio.client", "pydantic_settings", "prometheus_client.parser", "structlog",
    "yoyo", "msgspec", "rich.console", "cyclopts", "unittest.mock",
)  # fmt: skip
_FOLDERS = ("api", "benchmarks", "cache", "compiler", "db", "docs", "loadgen", "millitask", "schema", "tests", "tools")
# Tests of a mutant may take this many times as long as without it. Then the mutant counts as found, by its time.
_SLOWDOWN, _MIN_SECONDS = 5, 20
_NO_TESTS_FAILED = 0
_NOT_FOUND = "ERROR: not found: "


class Result(NamedTuple):
    """Whether a test failed, and which; or why none was needed."""

    found: bool
    reason: str
    seconds: float


class Worker:
    """A copy of the source, in which one file at a time is changed, and the stores of its tests."""

    def __init__(self, folder: Path, urls: dict[str, str], seconds: dict[str, float]) -> None:
        self._folder, self._urls, self._seconds = folder, urls, seconds
        self._tree = folder / "tree"
        shutil.rmtree(self._tree, ignore_errors=True)
        self._tree.mkdir(parents=True)
        for name in _FOLDERS:
            shutil.copytree(ROOT / name, self._tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        for path in [*ROOT.glob("*.toml"), *ROOT.glob("*.md")]:
            shutil.copy(path, self._tree)
        self._kills: Counter[tuple[str, str]] = Counter()
        self._new_template = True
        for name in _LIBRARIES:
            importlib.import_module(name)

    def run(self, mutant: Mutant | None, tests: Sequence[str], seconds: float) -> Result:
        """Run tests that take this long together, the most promising first."""
        path = mutant.path if mutant is not None else ""
        order: list[str] = []
        left = seconds
        for test in sorted(tests, key=lambda test: self._rank(path, test)):
            left -= self._seconds.get(test, 1.0)
            if left < 0 and order:
                break
            order.append(test)
        began, changed = time.monotonic(), self._tree / path
        is_migration = path.endswith(".sql")
        if mutant is not None:
            changed.write_bytes(mutant.source())
            _forget_bytecode(changed)
        try:
            result = self._run_tests(order, new_template=self._new_template or is_migration)
        finally:
            if mutant is not None:
                shutil.copy2(ROOT / path, changed)
                _forget_bytecode(changed)
            self._new_template = is_migration
        found, reason = result
        if found:
            self._kills[path, reason] += 1
        return Result(found, reason, round(time.monotonic() - began, 2))

    def _rank(self, path: str, test: str) -> tuple[int, bool, int, float]:
        """Tests that found mutants of the same file come first, then those about the file, then the fastest."""
        whole_service = test.startswith(("tests/integration/schema", "tests/integration/api"))
        kind = 0 if test.startswith("tests/unit") else 1 + whole_service
        return -self._kills[path, test], not is_about(test, path), kind, self._seconds.get(test, 1.0)

    def _run_tests(self, tests: list[str], *, new_template: bool) -> tuple[bool, str]:
        if not tests:
            return False, "no test runs this line"
        log = self._folder / "tests.log"
        child = os.fork()
        if child == 0:
            self._child(tests, log, new_template=new_template)
        limit = _MIN_SECONDS + _SLOWDOWN * sum(self._seconds.get(test, 1.0) for test in tests)
        status = _wait(child, limit)
        if status != _NO_TESTS_FAILED:
            drop_databases(self._urls["database_url"])
        if status is None:
            return True, "time"
        if _NOT_FOUND in (text := log.read_text(errors="replace")):
            raise LookupError(f"pytest has not run the tests: {text}")
        return status != _NO_TESTS_FAILED, _failed_test(text)

    def _child(self, tests: list[str], log: Path, *, new_template: bool) -> None:
        os.setpgid(0, 0)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(self._tree)
        for name in [name for name in sys.modules if name == "tests" or name.startswith("tests.")]:
            del sys.modules[name]
        sys.path[:] = [str(self._tree), *(path for path in sys.path if path not in ("", str(ROOT)))]
        sys.dont_write_bytecode = False
        import pytest

        options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov", "--tb=line", "--no-header"]
        options += ["-W", "ignore::pytest.PytestAssertRewriteWarning", "--hypothesis-profile=quick"]
        plugin = SharedStores(self._urls, new_template=new_template)
        status = 1
        try:
            status = int(pytest.main([*options, *tests], plugins=[plugin]))
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)


def _forget_bytecode(path: Path) -> None:
    """Delete the bytecode of a module, which Python would use for a mutant of the same size and time."""
    Path(cache_from_source(str(path))).unlink(missing_ok=True)


def _wait(child: int, limit: float) -> int | None:
    """Return the exit code of a child; None if it had to be ended."""
    until = time.monotonic() + limit
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            _end_group(child)  # servers that a failed test has left
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    _end_group(child)
    os.waitpid(child, 0)
    return None


def _end_group(child: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)


def _failed_test(log: str) -> str:
    """Return the first test that failed, from the summary of pytest."""
    for line in log.splitlines():
        if line.startswith(("FAILED ", "ERROR ")):
            return line.split(" ", 1)[1].partition(" - ")[0]
    return log.strip().rpartition("\n")[2][:200]
