"""The comparison of the suite `sizing`: calculated and simulated values, divided by measured ones."""

import pytest

from benchmarks.sizing_check import CONNECTIONS, MIX, compare

KINDS = (*MIX, "cold", "degraded", "degraded with total")
PROGRAMS = {"workers": 400.0, "Redis": 100.0, "PostgreSQL": 50.0}


def test_run_that_needs_what_was_calculated_has_the_ratio_one() -> None:
    found = {f"{kind}: CPU of {program}": cost for kind in KINDS for program, cost in PROGRAMS.items()}
    found |= {f"{kind}: alone, p{percent}": 1.0 for kind in KINDS for percent in (50, 99)}
    name = f"mix, {CONNECTIONS} connections"
    # The worker is the bottleneck, so 16 connections wait for it.
    found |= {f"{name}: responses": 2500.0, f"{name}, p50": 1000 * CONNECTIONS / 2500, f"{name}, p99": 10.0}
    found |= {f"{name}: cores of {program}": 2500 * cost / 1e6 for program, cost in PROGRAMS.items()}
    ratios = compare(found, 100_000)
    assert len(ratios) == 6
    for program in PROGRAMS:
        assert ratios[f"{name}: CPU of {program}, calculated ÷ measured"] == pytest.approx(1)
    assert ratios[f"{name}: responses, simulated ÷ measured"] == pytest.approx(1, rel=0.1)
    assert ratios[f"{name}: p50, simulated ÷ measured"] == pytest.approx(1, rel=0.1)
