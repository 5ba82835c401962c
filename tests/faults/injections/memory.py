"""Redis with too little memory: for all entries, so that it evicts; or for the index, so that it refuses writes."""

import asyncio
from collections.abc import Sequence

from schema.ids import new_id
from tests.faults import service_api
from tests.faults.fault import RECOVERY_TIMEOUT_SECONDS, CaseResult, Run
from tests.faults.history import Outcome
from tests.faults.views import Values

# Large tasks that compete for memory: their number, their descriptions, and the memory left for their entries.
FILLER_TASKS = 400
FILLER_DESCRIPTION = "x" * 8000
FILLER_MEMORY_BYTES = 1_000_000
BULK_SIZE = 100
READERS, TASKS_PER_READ = 4, 100
# Less memory than Redis uses, so that it refuses every write.
TOO_LITTLE_MEMORY_BYTES = -10_000_000
INDEX_REPLACED = "index replaced"
# In the log, and in the reason of `/readyz`.
OUT_OF_MEMORY = "Redis is out of memory"


async def evictions(run: Run, count: int) -> None:
    """Read large tasks until Redis has evicted this many keys."""
    redis, ids = run.cluster.redis, run.filler_ids
    if not ids:
        filler = run.workload.clients[0].clone("filler", FILLER_DESCRIPTION)
        ids += [str(new_id()) for _ in range(FILLER_TASKS)]
        for first in range(0, FILLER_TASKS, BULK_SIZE):
            await filler.create_many(0, ids[first : first + BULK_SIZE], Values("TODO"), None)
        await redis.limit_memory(FILLER_MEMORY_BYTES)
    target, gate = await redis.evicted_keys() + count, await run.cluster.read_gate()
    async with asyncio.timeout(RECOVERY_TIMEOUT_SECONDS), asyncio.TaskGroup() as group:
        for _ in range(READERS):
            group.create_task(_read_fillers(run, ids, target))
    if await run.cluster.read_gate() != gate:
        run.measure(INDEX_REPLACED, 1.0)


def check_index_stays(result: CaseResult) -> list[str]:
    """Check that no index was replaced. Redis must evict no part of it, and must have memory for each write to it."""
    replaced = INDEX_REPLACED in result.measurements
    return ["the index was replaced: it was lost, or could not be written"] if replaced else []


async def delete_fillers(run: Run) -> None:
    """Delete the large tasks, so that the final reads are faster."""
    await run.cluster.redis.restore_memory_limit()
    filler = run.workload.clients[0].clone("cleaner", "")
    for first in range(0, len(run.filler_ids), BULK_SIZE):
        versions = dict.fromkeys(run.filler_ids[first : first + BULK_SIZE], 1)
        await filler.delete_many(0, versions, all_or_none=False)


async def _read_fillers(run: Run, ids: Sequence[str], target: int) -> None:
    """Read large tasks until Redis has evicted `target` keys, and report wrong results as violations.

    The reads are checked here and not recorded, because the history would hold a hundred million tasks. No client
    changes these tasks, so each has the version 1.
    """
    while await run.cluster.redis.evicted_keys() < target:
        sample = run.random.sample(ids, TASKS_PER_READ)
        node = run.random.choice(run.cluster.nodes)
        response = await service_api.execute(run.cluster.http, node.url, service_api.NODES, {"ids": sample})
        completion = service_api.parse_lookup(response, sample)
        returned = {(task.id, task.version) for task in completion.tasks}
        if completion.outcome is not Outcome.OK or returned != {(id_, 1) for id_ in sample}:
            outcome = f"{completion.outcome} {completion.code}"
            run.violations.append(f"a read of unchanged tasks returned {outcome} {len(returned)} of {TASKS_PER_READ}")


async def index_too_large(run: Run) -> None:
    """Leave no memory for the index: each process reports it and falls back, until the limit is raised."""
    await run.cluster.redis.limit_memory(TOO_LITTLE_MEMORY_BYTES)
    async with asyncio.timeout(RECOVERY_TIMEOUT_SECONDS):
        for node in run.cluster.nodes:
            while OUT_OF_MEMORY not in (await run.cluster.readyz(node)).get("reason", ""):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            metrics = (await run.cluster.http.get(f"{node.url}/metrics")).text
            if "millitask_redis_full 1.0" not in metrics and (await run.cluster.readyz(node)).get("reason"):
                run.violations.append(f"{node.url}/metrics does not report that Redis is out of memory")
            if not any(OUT_OF_MEMORY in line for line in node.log_lines()):
                run.violations.append(f"{node.url} has not logged that Redis is out of memory")
    await asyncio.sleep(2)
    await run.cluster.redis.restore_memory_limit()
    await run.wait_for_recovery("index recovery, s")
