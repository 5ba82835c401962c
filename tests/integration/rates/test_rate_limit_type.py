"""Tests the GraphQL type of a caller's rate limit."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from cache.rates.allowance import UNLIMITED, Allowance
from cache.rates.limits import RateLimits, RatePolicy
from db.caller import Caller
from schema.types.rate_limit import rate_limit_of


def info(allowance: Allowance) -> Any:
    return SimpleNamespace(context=SimpleNamespace(allowance=allowance))


async def test_rate_limit_is_that_of_the_scarcest_bucket(limits_of: Callable[[RatePolicy], RateLimits]) -> None:
    limits = limits_of(RatePolicy(points_per_minute=600, workspace_points_per_minute=660))
    first, second = (limits.allowance(Caller(name, "w", frozenset())) for name in "ab")
    await first.spend(300)
    found = rate_limit_of(info(first))
    assert found is not None
    assert found.limit == 600
    assert 300 <= found.remaining <= 320
    # Ten points per second.
    full_in = found.reset_at - datetime.now(UTC)
    assert abs(full_in - timedelta(seconds=(600 - found.remaining) / 10)) < timedelta(seconds=2)
    await second.spend(10)
    of_workspace = cast("Any", rate_limit_of(info(second)))
    assert of_workspace.limit == 660
    assert 350 <= of_workspace.remaining <= 400


def test_caller_without_a_limit_has_none() -> None:
    assert rate_limit_of(info(UNLIMITED)) is None
