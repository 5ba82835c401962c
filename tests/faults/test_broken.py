"""The campaign detects every rule of the protocol that is left out, and reports no violation if none is."""

from pathlib import Path

import pytest

from tests.faults.broken import VARIANT, VARIANTS
from tests.faults.cluster import running
from tests.faults.node import Setup
from tests.faults.quiescence import QUIESCENCE_TIMEOUT_SECONDS, find_violations
from tests.faults.workload import HOT_ACTIONS, Workload

# The invariants that a variant may violate: a read shows it, or a stale entry or index stays.
BROKEN = {variant: ("I1", "I4") for variant in VARIANTS if variant != "nothing"} | {
    "the way out of the indexes": ("I3",),
}
COMMAND = ("tests.faults.broken",)
# A wrong index that two rounds of the scrub have not repaired stays wrong, so three seconds are enough to find it.
TIMEOUT_SECONDS = {("I1", "I4"): 1.0, ("I3",): 3.0}


async def run_until_violation(
    folder: Path, database_url: str, *round_seconds: float, invariants: tuple[str, ...]
) -> list[str]:
    """Run the workload in rounds until one violates one of the invariants. Return these violations."""
    timeout_seconds = TIMEOUT_SECONDS.get(invariants, QUIESCENCE_TIMEOUT_SECONDS)
    async with running(folder, database_url, Setup(COMMAND)) as cluster:
        workload = Workload(cluster, clients=20, tasks=4, eviction_interval_seconds=0.1, actions=HOT_ACTIONS)
        for seconds in round_seconds:
            await workload.run(seconds)
            violations = await find_violations(workload, timeout_seconds)
            if expected := [text for text in violations if text.startswith(invariants)]:
                return expected
        return []


async def test_complete_protocol_has_no_violation(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIANT, "nothing")
    violations = await run_until_violation(tmp_path, database_url, 5, invariants=("",))
    assert not violations, "\n".join(violations)


@pytest.mark.parametrize("variant", BROKEN)
async def test_broken_variant_is_detected(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, variant: str
) -> None:
    monkeypatch.setenv(VARIANT, variant)
    violations = await run_until_violation(tmp_path, database_url, 1.5, 3, 4, 5, 6, invariants=BROKEN[variant])
    assert violations, f"no violation without {variant}"
