"""PostgreSQL fails: killed, or its disk is full."""

import asyncio

from schema.resolvers.validation import uuid7
from tests.faults.fault import BACK_SECONDS, Run
from tests.faults.history import Answer, Operation, Outcome


def away(run: Run, operation: Operation) -> bool:
    """While it is not there nobody can answer but from the cache, and says so."""
    return operation.answer.outcome is Outcome.UNAVAILABLE and run.outages.excuse(operation)


async def killed(run: Run) -> None:
    """With everything that it was at, and started again."""
    postgres = run.cluster.postgres
    assert postgres is not None
    run.outages.begin()
    await postgres.kill()
    await asyncio.sleep(run.chance.uniform(0.0, 2.0))
    await postgres.start()
    await run.recovered("back, s")
    await asyncio.sleep(run.chance.uniform(0.2, 1.0))


async def disk_full(run: Run) -> None:
    """Until writers have noticed; then there is room again. Of a log that cannot be written PostgreSQL dies."""
    postgres = run.cluster.postgres
    assert postgres is not None
    writer = run.workload.clients[0].twin("filler", "x" * 1000)
    run.outages.begin()
    postgres.fill_disk()
    try:
        async with asyncio.timeout(BACK_SECONDS):
            while not _noticed(await writer.create_many(0, _ids(run), "TODO", None)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await asyncio.sleep(run.chance.uniform(1.0, 5.0))
    finally:
        postgres.free_disk()
    if "No space left on device" not in postgres.said():
        run.wrong.append("PostgreSQL has not said that its disk is full")
    await asyncio.sleep(2)
    if not postgres.runs:
        await postgres.kill()
        await postgres.start()
    await run.recovered("back, s")


def _noticed(answer: Answer) -> bool:
    return answer.outcome in (Outcome.UNAVAILABLE, Outcome.UNKNOWN)


def _ids(run: Run) -> list[str]:
    ids = [str(uuid7()) for _ in range(100)]
    run.workload.all_ids += ids
    return ids
