"""`python -m tests.model` explores scopes in parallel, reports each, and ends at Ctrl C."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.model import scopes, views, views_scopes
from tests.model.__main__ import long_scopes, report
from tests.model.explore import explore
from tests.model.variants import REFUTED


def test_every_exploration_is_reported_and_a_violation_fails() -> None:
    variant = REFUTED[0]
    explorations = {
        "writes of two tasks": partial(explore, scopes.SHORT["write of two tasks"]),
        "views: lost keys": partial(views.explore, views_scopes.SHORT["lost keys"]),
        "broken": partial(explore, variant.broken_scope()),
    }
    lines = report(explorations)
    ended = [next(lines) for _ in explorations]
    assert {line.split(" (")[0] for line in ended} == set(explorations)
    assert sum("no violation" in line for line in ended) == 2
    assert " states, 1 violations, " in next(lines)
    with pytest.raises(SystemExit):
        next(lines)


def test_long_scopes_are_those_of_both_models() -> None:
    assert len(long_scopes()) == len(scopes.LONG) + len(views_scopes.LONG)


def children(process: int) -> list[str]:
    return Path(f"/proc/{process}/task/{process}/children").read_text().split()


@pytest.fixture
def _ctrl_c_not_ignored() -> Iterator[None]:
    """Let children receive Ctrl C, which a shell lets the commands ignore that it runs in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_ctrl_c_not_ignored")
def test_ctrl_c_ends_every_process() -> None:
    with subprocess.Popen([sys.executable, "-m", "tests.model"], stderr=subprocess.PIPE, process_group=0) as run:
        while not (workers := children(run.pid)):
            time.sleep(0.05)
        os.killpg(run.pid, signal.SIGINT)
        assert run.stderr is not None
        assert b"KeyboardInterrupt" in run.stderr.read()
        assert run.wait(10)
    assert not any(Path("/proc", worker).exists() for worker in workers)
