"""Redis has too little memory: for the entries, so that it evicts; or for the index, so that it refuses."""

import asyncio
from collections.abc import Sequence

from schema.resolvers.validation import uuid7
from tests.faults import answers
from tests.faults.fault import BACK_SECONDS, Case, Run
from tests.faults.history import Outcome

# Tasks that take room, how many are written and read at once, and the room there is for a part of them.
FILLERS, MANY, PAGE = 400, 100, 100
ROOM = 1_000_000
READERS = 4
REFUSING = -10_000_000
ANOTHER = "another index"


async def evictions(run: Run, count: int) -> None:
    """So many keys are evicted, values among leases and marks, while everything goes on."""
    redis, ids = run.cluster.redis, run.kept
    if not ids:
        filler = run.workload.clients[0].twin("filler", "x" * 8000)
        ids += [str(uuid7()) for _ in range(FILLERS)]
        for at in range(0, FILLERS, MANY):
            await filler.create_many(0, ids[at : at + MANY], "TODO", None)
        await redis.limit(ROOM)
    until, gate = await redis.evicted() + count, await run.cluster.gate()
    async with asyncio.timeout(BACK_SECONDS), asyncio.TaskGroup() as group:
        for _ in range(READERS):
            group.create_task(_read(run, ids, until))
    if await run.cluster.gate() != gate:
        run.measure(ANOTHER, 1.0)


def kept(case: Case) -> list[str]:
    """The index stays the one it was: none of it is evicted, and there is always room to write it."""
    return ["the index is another: it was lost, or could not be written"] if ANOTHER in case.measured else []


async def clear(run: Run) -> None:
    """Without the tasks that took room, so that the rest is read sooner."""
    await run.cluster.redis.unlimit()
    filler = run.workload.clients[0].twin("cleaner", "")
    for at in range(0, len(run.kept), MANY):
        await filler.delete_many(0, dict.fromkeys(run.kept[at : at + MANY], 1), all_or_none=False)


async def _read(run: Run, ids: Sequence[str], until: int) -> None:
    """Not in the history, which would hold a hundred million tasks; nobody writes these."""
    while await run.cluster.redis.evicted() < until:
        some = run.chance.sample(ids, PAGE)
        node = run.chance.choice(run.cluster.nodes)
        said = await answers.ask(run.cluster.http, node.url, answers.NODES, {"ids": some})
        answer = answers.look_up(said, some)
        there = {(task.id, task.version) for task in answer.seen}
        if answer.outcome is not Outcome.DONE or there != {(id_, 1) for id_ in some}:
            run.wrong.append(f"of tasks that nobody writes: {answer.outcome} {answer.code} {len(there)} of {PAGE}")


async def index_too_large(run: Run) -> None:
    """There is no room for the index, whatever is evicted: each process says so, and goes on; until there is room."""
    await run.cluster.redis.limit(REFUSING)
    async with asyncio.timeout(BACK_SECONDS):
        for node in run.cluster.nodes:
            while "full" not in (await run.cluster.readyz(node)).get("reason", ""):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            metrics = (await run.cluster.http.get(f"{node.url}/metrics")).text
            if "millitask_redis_full 1.0" not in metrics and (await run.cluster.readyz(node)).get("reason"):
                run.wrong.append(f"{node.url}/metrics does not say that Redis is full")
            if not any("Redis is full" in line for line in node.said()):
                run.wrong.append(f"{node.url} has not logged that Redis is full")
    await asyncio.sleep(2)
    await run.cluster.redis.unlimit()
    await run.recovered("index back, s")
