"""Tests that the log lines of docs/how-to/monitor.md exist in the code."""

import ast
import re
from pathlib import Path

from tests.support.service_process import ROOT

LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
FOLDERS = ("api", "schema", "cache", "db")


def log_events(path: Path) -> set[str]:
    """Return the first argument of every log call in a file."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call) and node.args]
    methods = [(call.func, call.args[0]) for call in calls if isinstance(call.func, ast.Attribute)]
    return {
        argument.value
        for method, argument in methods
        if method.attr in LEVELS and isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def test_every_log_line_of_the_alerts_exists() -> None:
    text = (ROOT / "docs" / "how-to" / "monitor.md").read_text()
    lists = re.findall(r"log lines? (`[^`]+`(?:(?:, | and )`[^`]+`)*)", text)
    named = {event for names in lists for event in re.findall(r"`([^`]+)`", names)}
    assert len(named) >= 10
    assert named <= set().union(*(log_events(path) for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")))
