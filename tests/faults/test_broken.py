"""The campaign detects every rule of the protocol that is left out, and reports no violation if none is."""

import random
from pathlib import Path
from typing import Any

import pytest

from tests.faults.actions import HOT_ACTIONS, SAME_PAGE_ACTIONS, START_ACTIONS
from tests.faults.broken import (
    NO_HISTORY,
    ONE_LOST_INDEX,
    PYTHON_VARIANTS,
    TWO_PRIMARIES,
    VARIANT,
    VARIANTS,
    WARM,
    WARM_WITHOUT_LEASES,
    WITHOUT_LEASE_END,
    WITHOUT_SCRUB,
    WITHOUT_STANDBY,
    WITHOUT_UNKNOWN,
)
from tests.faults.broken_views import FENCE_VARIANTS, UNNOTED, UNTOUCHED
from tests.faults.cluster import running
from tests.faults.fault import Run
from tests.faults.injections import requests
from tests.faults.node import Setup
from tests.faults.quiescence import QUIESCENCE_TIMEOUT_SECONDS, find_violations
from tests.faults.workload import Workload

# Only a kill shows this variant, only several workspaces show `ONE_LOST_INDEX`, only a restore `NO_HISTORY`, and only a
# warm start its variants: see `test_bulk_killed.py`, `test_several_workspaces.py`, `test_restores.py`, `test_warm.py`.
# The rest: `test_outages_detected.py`.
IN_SCRUB = "bulk creates in the scrub"
IN_OUTAGES = (WITHOUT_LEASE_END, TWO_PRIMARIES, WITHOUT_SCRUB, WITHOUT_STANDBY, WITHOUT_UNKNOWN)
ELSEWHERE = (IN_SCRUB, ONE_LOST_INDEX, NO_HISTORY, WARM, WARM_WITHOUT_LEASES, *IN_OUTAGES)
# Only processes of different releases show the variants of the fence: see `test_view_fence.py`.
NOT_ALONE = {"nothing", *FENCE_VARIANTS}
# The invariants that a variant may violate: a read shows it, or a stale entry or index stays.
BROKEN = {variant: ("I1", "I4") for variant in VARIANTS if variant not in NOT_ALONE} | {
    "the way out of the indexes": ("I3",),
    "the old views at the mark": ("I3",),
    UNTOUCHED: ("I3",),
    "the way out of declared views": ("I3",),
}
BROKEN_PAGES = dict.fromkeys([name for name in PYTHON_VARIANTS if name not in ELSEWHERE], ("I1",)) | {
    "the expiry of a cached page": ("I5",),
    # A reply of another command is an internal error.
    "the drop of a cancelled reply": ("I1", "error"),
}
COMMAND = ("tests.faults.broken",)
# A wrong index that two rounds of the scrub have not repaired stays wrong, so three seconds are enough to find it.
TIMEOUT_SECONDS: dict[tuple[str, ...], float] = {("",): QUIESCENCE_TIMEOUT_SECONDS, ("I3",): 3.0}
ENTRIES: dict[str, Any] = {
    "actions": HOT_ACTIONS,
    "clients": 20,
    "eviction_interval_seconds": 0.1,
    "quiet_seconds": 0.0,
}
# With one writer, a cached page stays valid for some milliseconds.
PAGES: dict[str, Any] = {
    "actions": SAME_PAGE_ACTIONS, "clients": 8, "writers": 1, "expiring_share": 0.8, "max_think_seconds": 0.03,
    "quiet_seconds": 0.0,
}  # fmt: skip
# Longer than a build of the shapes, so that some end under load.
LOSSES = ENTRIES | {"shape_loss_interval_seconds": 1.3}
# The seconds of the rounds. A violation is a coincidence. The first rounds usually show it, except on a busy machine.
ROUNDS = (1.5, 3, 4, 5, 6, 8, 10, 12, 15)
# Only a page runs the script. Evictions let others read the row while the page is cached.
OPTIONS = {
    UNTOUCHED: LOSSES,
    UNNOTED: ENTRIES | {"actions": START_ACTIONS, "tasks": 12, "expiring_share": 0.0, "writers": 4},
    "marks at the leases of a page": PAGES | {"eviction_interval_seconds": 0.03},
}


async def run_until_violation(
    folder: Path,
    database_url: str,
    options: dict[str, Any],
    *round_seconds: float,
    invariants: tuple[str, ...],
    cancelled: int = 0,
    setup: Setup = Setup(COMMAND),  # noqa: B008 -- it is frozen
) -> list[str]:
    """Run the workload in rounds until one violates one of the invariants. Return these violations.

    In each round, clients cancel this number of requests.
    """
    timeout_seconds = TIMEOUT_SECONDS.get(invariants, 1.0)
    async with running(folder, database_url, setup) as cluster:
        workload = Workload(cluster, **{"tasks": 4} | options)
        for seconds in round_seconds:
            await workload.run(seconds)
            if cancelled:
                async with workload.running():
                    await requests.cancel(Run(cluster, workload, random.Random(1)), cancelled)
            # The output of `verify` shows none of the invariants I1 to I5, so only the complete protocol needs it.
            violations = await find_violations(workload, timeout_seconds, verify=invariants == ("",))
            if expected := [text for text in violations if text.startswith(invariants)]:
                return expected
        if options is PAGES:
            assert await cluster.page_hits() > 100
        return []


@pytest.mark.parametrize("options", [ENTRIES, PAGES, LOSSES], ids=["entries", "pages", "losses"])
async def test_complete_protocol_has_no_violation(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    monkeypatch.setenv(VARIANT, "nothing")
    cancelled = 50 if options is PAGES else 0
    violations = await run_until_violation(tmp_path, database_url, options, 5, invariants=("",), cancelled=cancelled)
    assert not violations, "\n".join(violations)


# A batch that is read before a write and entered after it is rare.
@pytest.mark.parametrize(
    "variant", [pytest.param(name, marks=[pytest.mark.slow] if name == UNTOUCHED else []) for name in BROKEN]
)
async def test_broken_variant_is_detected(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, variant: str
) -> None:
    monkeypatch.setenv(VARIANT, variant)
    options = OPTIONS.get(variant, ENTRIES)
    violations = await run_until_violation(tmp_path, database_url, options, *ROUNDS, invariants=BROKEN[variant])
    assert violations, f"no violation without {variant}"


@pytest.mark.parametrize("variant", BROKEN_PAGES)
async def test_broken_variant_of_cached_pages_is_detected(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, variant: str
) -> None:
    monkeypatch.setenv(VARIANT, variant)
    # A reply goes to the wrong read only if a read is cancelled in the milliseconds before its reply.
    cancelled, rounds = (300, [2, 2, 2, 3, 3, 3, 4, 4, 4, *[5] * 12]) if "cancelled" in variant else (0, ROUNDS)
    violations = await run_until_violation(
        tmp_path, database_url, PAGES, *rounds, invariants=BROKEN_PAGES[variant], cancelled=cancelled
    )
    assert violations, f"no violation without {variant}"
