"""Runs the suite `page` with few tasks, without PostGraphile, and checks that every row is measured."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import report as reports
from benchmarks.__main__ import app
from benchmarks.page import run
from benchmarks.page_rows.plan import Plan, Row
from benchmarks.report import Report

SMALL = Plan(
    rounds=1,
    turns=2,
    seconds=0.1,
    connections=4,
    readers=4,
    pairs=3,
    cpu_requests=20,
    documents=110,
    updates=2,
    postgraphile=False,
)
# A part of the name of a result for each row.
ROWS: dict[Row, str] = {
    "start": "until the index is in use",
    "p0": "P0 { __typename } ÷ constant",
    "p1": "P1 hot page ÷ raw",
    "p2": "P2 warm page ÷ raw",
    "p3": "P3 warm page ÷ stock Strawberry",
    "p5": "P5 page 20 ÷ page 1, CPU",
    "alone": "one client alone, warm page, p99",
    "cold": "cold page ÷ warm page",
    "mixed": "90% pages and 10% updates",
    "update": "÷ plain write-through",
    "memory": "memory of a worker after 110 documents",
    "p6": "P6 1,000 tasks by mutation",
    "p7": "P7 rebuild of 1,000 tasks, 4 readers",
}


def test_every_row_is_measured(tmp_path: Path) -> None:
    report = Report("page", 1000)
    run(report, replace(SMALL, data=tmp_path / "data"))
    names = {result.name for result in report.results}
    assert {row: text for row, text in ROWS.items() if not any(text in name for name in names)} == {}
    found = {result.name: result.value for result in report.results}
    assert found["cold page: tasks read from PostgreSQL"] == 50
    assert found["warm pages: tasks that were not in the cache"] == 0
    assert found["failed reads during the rebuilds"] == 0
    assert all(value > 0 for name, value in found.items() if "÷" in name)
    targets = {result.name: result.target for result in report.results}
    assert targets["P1 hot page ÷ raw"] == "≥ 3"

    # The folder keeps the tasks, and a row can be measured alone.
    again = Report("page", 1000)
    run(again, replace(SMALL, data=tmp_path / "data", rows=frozenset({"p0"})))
    assert [result.name for result in again.results if "÷" in result.name] == ["P0 { __typename } ÷ constant"]


def test_wrong_options_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        app(["page", "--rows", "p1,p9"])
    assert ended.value.code == 2
    assert "no row is named p9" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        app(["search", "--quick"])
    assert ended.value.code == 2


def test_results_are_appended_to_the_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "HISTORY", tmp_path)
    report = Report("page", 1000)
    report.add("P1 hot page ÷ raw", 3.14159, "×", "≥ 3")
    entry = json.loads(report.record().read_text())
    assert (entry["suite"], entry["count"]) == ("page", 1000)
    assert entry["results"] == [{"name": "P1 hot page ÷ raw", "value": 3.142, "unit": "×", "target": "≥ 3"}]
