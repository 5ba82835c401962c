"""A process of an older release writes beside a new one. The fence keeps declared views from being stale."""

from pathlib import Path

from tests.faults.broken import VARIANT
from tests.faults.broken_views import OLDER_RELEASE, WITHOUT_FENCE
from tests.faults.node import Setup
from tests.faults.test_broken import COMMAND, ENTRIES, ROUNDS, run_until_violation


def beside_older_release(variant: str) -> Setup:
    """Return a setup of a process with a variant and one that knows no declared views when it writes."""
    return Setup(COMMAND, environments=({VARIANT: variant}, {VARIANT: OLDER_RELEASE}))


async def test_processes_of_two_releases_have_no_violation(tmp_path: Path, database_url: str) -> None:
    setup = beside_older_release("nothing")
    violations = await run_until_violation(tmp_path, database_url, ENTRIES, 5, invariants=("",), setup=setup)
    assert not violations, "\n".join(violations)


async def test_missing_fence_is_detected(tmp_path: Path, database_url: str) -> None:
    setup = beside_older_release(WITHOUT_FENCE)
    assert await run_until_violation(tmp_path, database_url, ENTRIES, *ROUNDS, invariants=("I1", "I3"), setup=setup)
