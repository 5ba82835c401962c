"""Tests the alert rules and the dashboards: their queries, the metrics in them, and the runbooks of the alerts."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
from ruamel.yaml import YAML

from tests.unit.docs.pages import DOCS, ROOT, anchors, first_cells, section

RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"
CASES = RULES.with_name("alerts_test.yaml")
KUBERNETES = ROOT / "deploy" / "kubernetes" / "production" / "prometheusrule.yaml"
DASHBOARDS = sorted((ROOT / "deploy" / "grafana").glob("*.json"))
RUNBOOKS = DOCS / "how-to" / "runbooks.md"
REPOSITORY = "https://github.com/millitask/millitask/blob/main/"
METRIC = re.compile(r"\b(?:millitask|process)_[a-z_]+\b")
OUTCOME = re.compile(r'outcome=~?"([A-Z_|]+)"')
# Prometheus adds these to the names of histograms, and the outcomes that are no error codes.
SUFFIX = re.compile(r"_(?:bucket|sum|count)$")
OTHER_OUTCOMES = {"OK", "CLIENT_CLOSED_REQUEST"}


def loaded(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def alerts() -> list[dict[str, Any]]:
    return [rule for group in loaded(RULES)["groups"] for rule in group["rules"]]


def dashboard_queries() -> Iterator[tuple[str, str]]:
    for path in DASHBOARDS:
        dashboard = json.loads(path.read_text(encoding="utf-8"))
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                yield f"{path.name}: {panel['title']}", target["expr"]
        for annotation in dashboard["annotations"]["list"]:
            yield f"{path.name}: {annotation['name']}", annotation["expr"]


def queries() -> list[tuple[str, str]]:
    return [*((rule["alert"], rule["expr"]) for rule in alerts()), *dashboard_queries()]


def documented_metrics() -> set[str]:
    return first_cells(section(DOCS / "reference" / "metrics.md", "Reading /metrics"))


@pytest.mark.parametrize("query", [pytest.param(query, id=name) for name, query in queries()])
def test_query_is_promql_over_documented_metrics_and_outcomes(query: str) -> None:
    # The variables of Grafana.
    promql_parser.parse(query.replace("$__rate_interval", "5m").replace("$instance", ".*"))
    used = {SUFFIX.sub("", name) for name in METRIC.findall(query)}
    assert used
    assert used <= documented_metrics()
    codes = first_cells((DOCS / "reference" / "errors.md").read_text(encoding="utf-8")) | OTHER_OUTCOMES
    assert {code for codes in OUTCOME.findall(query) for code in codes.split("|")} <= codes


def test_each_alert_has_a_severity_a_summary_and_a_runbook() -> None:
    names = [rule["alert"] for rule in alerts()]
    assert len(set(names)) == len(names) >= 15
    for rule in alerts():
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert rule["annotations"]["summary"].endswith(".")
        page, _, anchor = rule["annotations"]["runbook_url"].removeprefix(REPOSITORY).partition("#")
        assert ROOT / page == RUNBOOKS
        assert anchor == rule["alert"].lower()
        assert anchor in anchors(RUNBOOKS)


def test_each_runbook_has_an_alert() -> None:
    titles = re.findall(r"^### (\w+)$", RUNBOOKS.read_text(encoding="utf-8"), re.MULTILINE)
    assert titles == [rule["alert"] for rule in alerts()]


def test_rules_for_kubernetes_are_the_same() -> None:
    assert loaded(KUBERNETES)["spec"]["groups"] == loaded(RULES)["groups"]


def test_every_documented_metric_of_the_service_is_on_a_dashboard() -> None:
    shown = {SUFFIX.sub("", name) for _, query in dashboard_queries() for name in METRIC.findall(query)}
    missing = {name for name in documented_metrics() if name.startswith("millitask_")} - shown
    # An alert shows the first; the second counts what the audit does.
    assert missing == {"millitask_redis_full", "millitask_verified_total"}


def test_panels_of_a_dashboard_do_not_overlap() -> None:
    assert len(DASHBOARDS) >= 2
    for path in DASHBOARDS:
        panels = json.loads(path.read_text(encoding="utf-8"))["panels"]
        assert len({panel["id"] for panel in panels}) == len(panels)
        taken = [
            (x, y)
            for position in (panel["gridPos"] for panel in panels)
            for x in range(position["x"], position["x"] + position["w"])
            for y in range(position["y"], position["y"] + position["h"])
        ]
        assert len(set(taken)) == len(taken)
        assert max(x for x, _ in taken) < 24


def test_each_alert_has_a_case_in_which_it_fires() -> None:
    cases = [case for test in loaded(CASES)["tests"] for case in test["alert_rule_test"]]
    assert {case["alertname"] for case in cases if case["exp_alerts"]} == {rule["alert"] for rule in alerts()}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool of Prometheus is not installed")
@pytest.mark.parametrize(("command", "file"), [("check", RULES), ("test", CASES)])
def test_promtool_accepts_the_rules_and_their_cases(command: str, file: Path) -> None:
    done = subprocess.run(["promtool", command, "rules", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
