"""Tests that an outage is logged when it begins, changes and ends, and not for each attempt."""

import pytest
from structlog.testing import capture_logs

from cache.gate import outage
from cache.gate.outage import REPEAT_SECONDS, Outage
from db.errors import DatabaseUnavailable


def test_outage_is_logged_at_once_then_seldom_and_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(outage, "clock", lambda: now)
    current = Outage()
    with capture_logs() as lines:
        current.end()
        for _ in range(50):
            current.report(DatabaseUnavailable("gone"))
        current.report(DatabaseUnavailable("starting"))
        now += REPEAT_SECONDS
        current.report(DatabaseUnavailable("starting"))
        current.end()
        current.end()
        current.report(DatabaseUnavailable("starting"))
    assert [(line["event"], line.get("reason"), line["seconds"]) for line in lines] == [
        ("cannot read the gate", "gone", 0.0),
        ("cannot read the gate", "starting", 0.0),
        ("cannot read the gate", "starting", REPEAT_SECONDS),
        ("the gate can be read again", None, REPEAT_SECONDS),
        ("cannot read the gate", "starting", 0.0),
    ]
