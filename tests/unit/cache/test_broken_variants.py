"""Tests that the code still contains the rules that the broken variants of the fault campaign leave out."""

import inspect

import pytest

from cache.redis.script_texts import script_source
from tests.faults.broken import PYTHON_VARIANTS, VARIANTS, function_of


@pytest.mark.parametrize("variant", PYTHON_VARIANTS)
def test_functions_contain_the_rules(variant: str) -> None:
    for owner, name, changes in PYTHON_VARIANTS[variant]:
        source = inspect.getsource(function_of(owner, name))
        assert [rule for rule in changes if rule.splitlines()[0] not in source] == [], name


@pytest.mark.parametrize("variant", VARIANTS)
def test_scripts_contain_the_rules(variant: str) -> None:
    assert [name for name, (rule, _) in VARIANTS[variant].items() if rule not in script_source(name)] == []
