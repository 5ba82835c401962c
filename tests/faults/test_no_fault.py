"""The control of the campaign: without a fault, the same workload and checker find no violation."""

from pathlib import Path

from tests.faults.cluster import running
from tests.faults.quiescence import find_violations
from tests.faults.workload import Workload


async def test_no_violation_without_a_fault(tmp_path: Path, database_url: str) -> None:
    async with running(tmp_path, database_url) as cluster:
        workload = Workload(cluster, eviction_interval_seconds=0.05)
        await workload.run(3, operations=300)
        repeated = sum(
            op.kind == "counts" and op.invocation.view in ((), ("blue",)) for op in workload.history.operations
        )
        violations = await find_violations(workload)
        page_hits = await cluster.page_hits()
    assert not violations, "\n".join(violations)
    assert not workload.history.failed_reads()
    # On an idle machine two thirds. On a busy one more writes come between two reads of a page.
    assert page_hits > repeated / 10
