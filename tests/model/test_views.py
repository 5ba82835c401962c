"""The protocol of declared views holds in every state of every scope, and without any one of its rules it does not."""

import re
from functools import cache

import pytest

from tests.model.explore import Result
from tests.model.test_model import DOCUMENTATION, MAX_STATES
from tests.model.views import explore
from tests.model.views_scopes import LONG, SHORT
from tests.model.views_state import ViewsVariant
from tests.model.views_variants import NOT_REFUTED, REFUTED

# These tests explore the same scopes, which one process of pytest-xdist does once.
SHARED_SCOPES = pytest.mark.xdist_group("scopes of the model of declared views")


@cache
def explore_short(name: str) -> Result:
    return explore(SHORT[name], MAX_STATES)


def variant_name(variant: ViewsVariant) -> str:
    return variant.name


@SHARED_SCOPES
@pytest.mark.parametrize("name", SHORT)
def test_declared_views_hold(name: str) -> None:
    result = explore_short(name)
    assert not result.violation, f"\n{result}"


@pytest.mark.parametrize("variant", REFUTED, ids=variant_name)
def test_broken_variant_of_views_has_a_counterexample(variant: ViewsVariant) -> None:
    assert not explore(variant.scope, MAX_STATES).violation
    result = explore(variant.broken_scope(), MAX_STATES)
    assert result.violation
    assert variant.violation in result.violation, str(result)


@pytest.mark.parametrize("variant", NOT_REFUTED, ids=variant_name)
def test_redundant_rule_of_views_has_no_counterexample(variant: ViewsVariant) -> None:
    result = explore(variant.broken_scope(), MAX_STATES)
    assert not result.violation, f"\n{result}"


@SHARED_SCOPES
def test_hashes_of_views_do_not_collide() -> None:
    assert explore(SHORT["other workers"], exact=True).states == explore_short("other workers").states


@SHARED_SCOPES
def test_every_step_of_views_is_documented() -> None:
    actions = {str(action) for name in SHORT for action in explore_short(name).actions}
    taken = {match[0] for action in actions if (match := re.match(r"[A-Z]\d", action))}
    documented = set(re.findall(r"`([A-Z]\d)[ `]", DOCUMENTATION.read_text()))
    assert {"V0", "V1", "V2", "V3", "E1", "E2"} <= taken
    assert taken <= documented


@pytest.mark.slow
@pytest.mark.parametrize("name", LONG)
def test_declared_views_hold_in_long_scopes(name: str) -> None:
    result = explore(LONG[name])
    assert not result.violation, f"\n{result}"
