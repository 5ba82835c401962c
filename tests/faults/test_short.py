"""Each fault once, for a few seconds, while clients read and write: nobody is told anything wrong, and it recovers.

What became of a run is logged: `-o log_cli=true --log-cli-level=info`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.faults.clients import Workload
from tests.faults.cluster import Cluster, running
from tests.faults.history import Operation
from tests.faults.rest import finish

Fault = Callable[[Cluster], Awaitable[None]]
BACK_SECONDS = 30


async def survive(folder: Path, database_url: str, fault: Fault) -> list[Operation]:
    """A run with a fault in its middle. Returns the reads that failed."""
    async with running(folder, database_url) as cluster:
        workload = Workload(cluster, evicting=0.1)
        async with workload.running():
            await asyncio.sleep(0.5)
            await fault(cluster)
            await cluster.recovered(BACK_SECONDS)
            await asyncio.sleep(0.5)
        wrong = await finish(workload)
        logs = "\n".join(f"{node.url}\n{node.output.read_text()[-2000:]}" for node in cluster.nodes)
    assert not wrong, "\n".join([*wrong, logs])
    return workload.history.failed_reads()


async def killed_and_started_empty(cluster: Cluster) -> None:
    await cluster.redis.kill()
    await asyncio.sleep(0.7)
    await cluster.redis.start()


async def stopped(cluster: Cluster) -> None:
    cluster.redis.freeze()
    await asyncio.sleep(3)
    cluster.redis.thaw()


async def emptied(cluster: Cluster) -> None:
    """All of it, then an index alone, then that of a view, then `rev`; the run is the same, so nothing else tells."""
    await cluster.redis.empty()
    for ending in ("index", "index:TODO", "rev"):
        await cluster.recovered(BACK_SECONDS)
        await _lose(cluster, ending)


async def answers_do_not_come(cluster: Cluster) -> None:
    """Requests that Redis has carried out and the service does not know it, marks among them; then none at all."""
    for node in cluster.nodes * 3:
        node.proxy.lose_replies(2)
        await asyncio.sleep(0.2)
    held, _ = cluster.nodes
    await cluster.recovered(BACK_SECONDS)
    held.proxy.hold()
    await asyncio.sleep(1.5)
    await held.proxy.heal()


async def one_process_cut_off(cluster: Cluster) -> None:
    """The one says that it does without Redis; the other uses it again; in the end both do."""
    cut, other = cluster.nodes
    await cut.proxy.cut()
    await cluster.until(cut, degraded=True, seconds=BACK_SECONDS)
    await cluster.until(other, degraded=False, seconds=BACK_SECONDS)
    await asyncio.sleep(1)
    await cluster.until(other, degraded=False, seconds=BACK_SECONDS)
    await cut.proxy.heal()
    await cluster.recovered(BACK_SECONDS)


async def rebuilt_twice_at_once(cluster: Cluster) -> None:
    said = await asyncio.gather(*(cluster.reindex(node) for node in cluster.nodes))
    assert all("The index holds" in text for text in said), said


@pytest.mark.parametrize(
    "fault",
    [
        killed_and_started_empty,
        stopped,
        emptied,
        answers_do_not_come,
        one_process_cut_off,
        rebuilt_twice_at_once,
    ],
    ids=lambda fault: fault.__name__,
)
async def test_redis_fails_and_no_read_does(tmp_path: Path, database_url: str, fault: Fault) -> None:
    failed = [str(op) for op in await survive(tmp_path, database_url, fault)]
    assert not failed, "\n".join(failed[:10])


async def test_a_process_is_killed_under_writes(tmp_path: Path, database_url: str) -> None:
    """Its own clients lose their answers; nobody else does, and nothing that was acknowledged is lost."""

    async def killed(cluster: Cluster) -> None:
        cluster.nodes[0].kill_worker()

    failed = await survive(tmp_path, database_url, killed)
    others = [str(op) for op in failed if op.node != 0 or not op.answer.code.startswith("NO_")]
    assert not others, "\n".join(others[:10])


async def _lose(cluster: Cluster, ending: str) -> None:
    """Deletes a key; the index may be under way to a new epoch when this is asked."""
    async with asyncio.timeout(BACK_SECONDS):
        while not await cluster.redis.lose(ending):  # noqa: ASYNC110 (another process, which sets no event)
            await asyncio.sleep(0.02)
