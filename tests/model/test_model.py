"""The protocol holds in every state of every scope, and without any one of its rules it does not."""

import re
from functools import cache
from pathlib import Path

import pytest

from tests.model import scopes
from tests.model.explore import Result, explore, format_label
from tests.model.scope import Variant
from tests.model.variants import NOT_REFUTED, REFUTED

MAX_STATES = 5_000_000
MIN_STATES_OF_LONG_SCOPES = 5_000_000
DOCUMENTATION = Path(__file__).parents[2] / "docs" / "explanation" / "model.md"
# These tests explore the same scopes, which one process of pytest-xdist does once.
SHARED_SCOPES = pytest.mark.xdist_group("scopes of the model")


@cache
def explore_short(name: str) -> Result:
    return explore(scopes.SHORT[name], MAX_STATES)


def variant_name(variant: Variant) -> str:
    return variant.name


@SHARED_SCOPES
@pytest.mark.parametrize("name", scopes.SHORT)
def test_protocol_holds(name: str) -> None:
    result = explore_short(name)
    assert not result.violation, f"\n{result}"


@pytest.mark.parametrize("variant", REFUTED, ids=variant_name)
def test_broken_variant_has_a_counterexample(variant: Variant) -> None:
    result = explore(variant.broken_scope(), MAX_STATES)
    assert variant.violation in result.violation, str(result)
    lines = str(result).splitlines()
    assert len(lines) == len(result.trace) + 1
    assert format_label(result.trace[0]) in lines[0]
    assert lines[-1] == f"    => {result.violation}"


# A variant that omits nothing has a fault that the protocol does not survive.
OMITTING_VARIANTS = [variant for variant in REFUTED if variant.omits]


@pytest.mark.parametrize("variant", OMITTING_VARIANTS, ids=variant_name)
def test_complete_protocol_holds_in_the_scope_of_a_variant(variant: Variant) -> None:
    result = explore(variant.scope, MAX_STATES)
    assert not result.violation, f"\n{result}"


@pytest.mark.parametrize("variant", NOT_REFUTED, ids=variant_name)
def test_redundant_rule_has_no_counterexample(variant: Variant) -> None:
    result = explore(variant.broken_scope(), MAX_STATES)
    assert not result.violation, f"\n{result}"


@SHARED_SCOPES
@pytest.mark.parametrize("name", ["late messages", "bulk creates"])
def test_hashes_do_not_collide(name: str) -> None:
    assert explore(scopes.SHORT[name], exact=True).states == explore_short(name).states


@SHARED_SCOPES
def test_every_step_is_taken_and_documented() -> None:
    actions = {action for name in scopes.SHORT for action in explore_short(name).actions}
    taken = {match[0] for action in actions if (match := re.match(r"[A-Z]\d", str(action)))}
    documented = re.findall(r"^\| `([A-Z]\d) ", DOCUMENTATION.read_text(), re.MULTILINE)
    assert taken == set(documented)
    assert len(documented) == len(taken)


@pytest.mark.slow
def test_protocol_holds_in_long_scopes() -> None:
    results: list[Result] = []
    for scope in scopes.LONG.values():
        results.append(explore(scope, MAX_STATES))
        assert not results[-1].violation, f"\n{results[-1]}"
    assert sum(result.states for result in results) >= MIN_STATES_OF_LONG_SCOPES
