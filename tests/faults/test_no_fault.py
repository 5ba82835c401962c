"""The workload and the checker with nothing broken: the control for everything else in this folder."""

from pathlib import Path

from tests.faults.clients import Workload
from tests.faults.cluster import running
from tests.faults.rest import finish


async def test_nothing_is_wrong_when_nothing_is_broken(tmp_path: Path, database_url: str) -> None:
    async with running(tmp_path, database_url) as cluster:
        workload = Workload(cluster, evicting=0.05)
        await workload.run(3, operations=300)
        wrong = await finish(workload)
    assert not wrong, "\n".join(wrong)
    assert not workload.history.failed_reads()
