"""PostgreSQL killed, or with a full disk."""

import asyncio

from schema.ids import new_id
from tests.faults.fault import RECOVERY_TIMEOUT_SECONDS, Run
from tests.faults.history import Completion, Operation, Outcome
from tests.faults.views import Values


def is_unavailable(run: Run, operation: Operation) -> bool:
    """Return whether the read failed as unavailable during the outage. Without PostgreSQL only the cache answers."""
    return operation.completion.outcome is Outcome.UNAVAILABLE and run.outages.covers(operation)


async def kill(run: Run) -> None:
    """Kill all processes of PostgreSQL, and start it again."""
    postgres = run.cluster.postgres
    assert postgres is not None
    run.outages.begin()
    await asyncio.to_thread(postgres.kill)
    await asyncio.sleep(run.random.uniform(0.0, 2.0))
    await asyncio.to_thread(postgres.start)
    await run.wait_for_recovery("recovery, s")
    await asyncio.sleep(run.random.uniform(0.2, 1.0))


async def fill_disk(run: Run) -> None:
    """Fill the disk until a write fails, then free it. PostgreSQL exits if it cannot write its log."""
    postgres = run.cluster.postgres
    assert postgres is not None
    writer = run.workload.clients[0].clone("filler", "x" * 1000)
    run.outages.begin()
    postgres.fill_disk()
    try:
        async with asyncio.timeout(RECOVERY_TIMEOUT_SECONDS):
            while not _failed(await writer.create_many(0, _new_ids(run), Values("TODO"), None)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await asyncio.sleep(run.random.uniform(1.0, 5.0))
    finally:
        postgres.free_disk()
    if "No space left on device" not in postgres.log_text():
        run.violations.append("PostgreSQL has not logged that its disk is full")
    await asyncio.sleep(2)
    if not postgres.is_running:
        await asyncio.to_thread(postgres.kill)
        await asyncio.to_thread(postgres.start)
    await run.wait_for_recovery("recovery, s")


def _failed(completion: Completion) -> bool:
    return completion.outcome in (Outcome.UNAVAILABLE, Outcome.UNKNOWN)


def _new_ids(run: Run) -> list[str]:
    ids = [str(new_id()) for _ in range(100)]
    run.workload.all_ids += ids
    return ids
