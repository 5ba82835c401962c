"""The check of the version of Redis."""

import pytest

from cache.redis.preflight import version_problem


@pytest.mark.parametrize("version", ["7.0.15", "7.2.4", "10.0.0"])
def test_supported_version_is_no_problem(version: str) -> None:
    assert version_problem(version) is None


def test_old_version_is_a_problem() -> None:
    problem = version_problem("6.2.14")
    assert problem is not None
    assert "this is Redis 6.2.14, but the service is tested with Redis 7 or newer" in problem
