"""PostgreSQL fails: killed, or its disk is full."""

import asyncio

from tests.faults.fault import Run
from tests.faults.history import Operation, Outcome


def away(operation: Operation) -> bool:
    """While it is not there nobody can answer but from the cache, and says so."""
    return operation.answer.outcome is Outcome.UNAVAILABLE


async def killed(run: Run) -> None:
    """With everything that it was at, and started again."""
    postgres = run.cluster.postgres
    assert postgres is not None
    await postgres.kill()
    await asyncio.sleep(run.chance.uniform(0.0, 2.0))
    await postgres.start()
    await run.recovered()
    await asyncio.sleep(run.chance.uniform(0.2, 1.0))
