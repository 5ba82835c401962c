"""Tests the parts of the preflight and the pool that need no server."""

import pytest

from db.errors import DatabaseUnavailable
from db.limits import DatabaseLimits
from db.pool import Database
from db.preflight import database_problems, version_problem

NO_SERVER = "postgresql://nobody@127.0.0.1:1/none"


@pytest.mark.parametrize(("number", "found"), [(160_009, "16"), (100_023, "10"), (90_624, "9")])
def test_old_version_is_a_problem(number: int, found: str) -> None:
    problem = version_problem(number)
    assert problem is not None
    assert problem.startswith(f"this is PostgreSQL {found}, but the service needs 17 or newer")
    assert "DATABASE_URL" in problem


@pytest.mark.parametrize("number", [170_000, 180_006])
def test_new_version_is_not_a_problem(number: int) -> None:
    assert version_problem(number) is None


async def test_preflight_of_an_unreachable_server_raises() -> None:
    with pytest.raises(DatabaseUnavailable):
        await database_problems(NO_SERVER, DatabaseLimits())


async def test_unreachable_server_raises_database_unavailable() -> None:
    async with Database(NO_SERVER, DatabaseLimits(wait_ms=200)) as database:
        with pytest.raises(DatabaseUnavailable) as raised:
            async with database.connection():
                pass
    assert type(raised.value) is DatabaseUnavailable


def test_transaction_timeout_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="transaction_timeout_ms must be 1 or more"):
        DatabaseLimits(transaction_timeout_ms=0)
