"""The limits of the settings: each default and each bound is the documented one."""

import re

import pytest
from pydantic import ValidationError

from api.config.limits import Limits

_UNITS = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_NUMBER = r"(\d[\d,]*)(?: (KiB|MiB|GiB))?"


@pytest.mark.parametrize("name", Limits.model_fields)
def test_default_is_the_documented_one(name: str) -> None:
    [default] = re.findall(rf"Default: {_NUMBER}", _description(name))
    assert Limits.model_fields[name].default == _value(*default)


@pytest.mark.parametrize("name", Limits.model_fields)
def test_exactly_the_documented_range_is_accepted(name: str) -> None:
    [(*lowest, highest, unit)] = re.findall(rf"{_NUMBER} to {_NUMBER}", _description(name))
    low, high = _value(*lowest), _value(highest, unit)
    # A transaction may not have less time than a statement.
    others = {"statement_timeout_ms": 1, "transaction_timeout_ms": 3_600_000}
    for accepted in (low, high):
        assert getattr(Limits.model_validate(others | {name: accepted}), name) == accepted
    for refused in (low - 1, high + 1):
        with pytest.raises(ValidationError, match=name):
            Limits.model_validate(others | {name: refused})


def _description(name: str) -> str:
    return Limits.model_fields[name].description or ""


def _value(number: str, unit: str) -> int:
    return int(number.replace(",", "")) * _UNITS.get(unit, 1)
