"""Runs the suite `views` with few tasks, and checks that every row is measured."""

import pytest

from benchmarks.__main__ import app
from benchmarks.report import Report
from benchmarks.view_rows.plan import ViewPlan, ViewRow
from benchmarks.views import run

SMALL = ViewPlan(pages=5, facets=5, updates=3, turns=1, create_size=20, read_seconds=1.0)
# A part of the name of a result for each row.
ROWS: dict[ViewRow, str] = {
    "memory": "with list, assignee and three labels",
    "pages": "page 20 of a view of all tasks ÷ page 1 of all tasks",
    "facets": "facets of 1,000 labels, p95",
    "updates": "update of assignee ÷ update of priority",
    "bulk": "with ÷ without them",
    "build": "adding label over 2,000 tasks, until in use",
}


def test_every_row_is_measured() -> None:
    report = Report("views", 2000)
    run(report, SMALL)
    found = {result.name: result.value for result in report.results}
    assert {row: text for row, text in ROWS.items() if not any(text in name for name in found)} == {}
    assert all(value > 0 for name, value in found.items() if "÷" in name)
    assert found["adding label over 2,000 tasks, failed reads"] == 0


def test_rows_of_another_suite_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        app(["views", "--rows", "p1"])
    assert ended.value.code == 2
    assert "no row is named p1" in capsys.readouterr().err
