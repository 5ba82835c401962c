"""One of three workspaces has no index for a while, in two processes. The two others keep theirs."""

from pathlib import Path

import pytest

from tests.faults.broken import ONE_LOST_INDEX, VARIANT
from tests.faults.catalog import FAULTS
from tests.faults.cluster import running
from tests.faults.injections import workspaces
from tests.faults.injections.workspaces import Tenants, workspaces_setup
from tests.faults.test_broken import COMMAND


async def test_index_of_one_workspace_affects_no_other(tmp_path: Path) -> None:
    result = await workspaces.run(FAULTS["workspaces"], 1, 2, tmp_path)
    assert not result.violations, "\n".join([*result.violations[:10], *result.log_lines])
    assert result.acknowledged > 20, result
    assert result.reads > 20, result
    assert sum(result.measurements[workspaces.PROBES]) > 20


async def test_lost_index_that_counts_for_all_workspaces_is_detected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIANT, ONE_LOST_INDEX)
    async with running(tmp_path, "", workspaces_setup(COMMAND)) as cluster:
        tenants = Tenants(cluster, 1)
        async with tenants.running():
            # On a busy machine, the victim may have its index again before the gates of the others close.
            for _ in range(20):
                await tenants.injure(0)
                if tenants.violations:
                    break
    assert [text for text in tenants.violations if text.startswith("lose of")]
