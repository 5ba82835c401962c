"""The checker finds every rule of the protocol that is left out, and nothing where none is."""

from pathlib import Path

import pytest

from tests.faults.broken import VARIANT, VARIANTS
from tests.faults.clients import HOT, Workload
from tests.faults.cluster import running
from tests.faults.rest import finish

BROKEN = [variant for variant in VARIANTS if variant != "nothing"]
LAUNCHER = ("tests.faults.broken",)


async def play(folder: Path, database_url: str, *rounds: float) -> list[str]:
    """Works for as many rounds as it takes until something is found."""
    async with running(folder, database_url, LAUNCHER) as cluster:
        workload = Workload(cluster, clients=20, tasks=4, evicting=0.1, actions=HOT)
        wrong: list[str] = []
        for seconds in rounds:
            await workload.run(seconds)
            if wrong := await finish(workload, seconds=2):
                break
        return wrong


async def test_the_same_workload_finds_nothing_when_all_rules_stand(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIANT, "nothing")
    wrong = await play(tmp_path, database_url, 5)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("variant", BROKEN)
async def test_a_rule_that_is_left_out_is_found(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, variant: str
) -> None:
    monkeypatch.setenv(VARIANT, variant)
    wrong = await play(tmp_path, database_url, 1.5, 3, 4, 5, 6)
    assert wrong, f"nobody misses {variant}"
