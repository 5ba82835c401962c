"""The protocol holds in every state of every scope, and each step of it is needed."""

import re
from functools import cache
from pathlib import Path

import pytest

from tests.model import scopes
from tests.model.explore import Result, explore, words
from tests.model.variants import NOT_FORCED, REFUTED, Variant

LIMIT = 5_000_000
LEAST = 5_000_000  # states that the long version must have seen
PAGE = Path(__file__).parents[2] / "docs" / "model.md"


@cache
def short(name: str) -> Result:
    return explore(scopes.SHORT[name], LIMIT)


def named(variant: Variant) -> str:
    return variant.name


@pytest.mark.parametrize("name", scopes.SHORT)
def test_protocol_holds(name: str) -> None:
    result = short(name)
    assert not result.violation, f"\n{result}"


@pytest.mark.parametrize("variant", REFUTED, ids=named)
def test_leaving_a_step_out_ends_in_a_trace(variant: Variant) -> None:
    result = explore(variant.broken(), LIMIT)
    assert variant.violation in result.violation, str(result)
    lines = str(result).splitlines()
    assert len(lines) == len(result.trace) + 1
    assert words(result.trace[0]) in lines[0]
    assert lines[-1] == f"    => {result.violation}"


# what has nothing left out is a fault that no protocol survives
MENDED = [variant for variant in REFUTED if variant.without]


@pytest.mark.parametrize("variant", MENDED, ids=named)
def test_with_the_step_nothing_goes_wrong_there(variant: Variant) -> None:
    result = explore(variant.scope, LIMIT)
    assert not result.violation, f"\n{result}"


@pytest.mark.parametrize("variant", NOT_FORCED, ids=named)
def test_insurance_is_not_forced(variant: Variant) -> None:
    result = explore(variant.broken(), LIMIT)
    assert not result.violation, f"\n{result}"


@pytest.mark.parametrize("name", ["late messages", "bulk creates"])
def test_hashes_do_not_collide(name: str) -> None:
    assert explore(scopes.SHORT[name], exact=True).states == short(name).states


def test_every_step_is_taken_and_written_down() -> None:
    taken = {step for name in scopes.SHORT for step in short(name).steps}
    codes = {found[0] for step in taken if (found := re.match(r"[A-Z]\d", str(step)))}
    written = re.findall(r"^\| `([A-Z]\d) ", PAGE.read_text(), re.MULTILINE)
    assert codes == set(written)
    assert len(written) == len(codes)


@pytest.mark.slow
def test_protocol_holds_in_the_long_version() -> None:
    results: list[Result] = []
    for scope in scopes.LONG.values():
        results.append(explore(scope, LIMIT))
        assert not results[-1].violation, f"\n{results[-1]}"
    assert sum(result.states for result in results) >= LEAST
