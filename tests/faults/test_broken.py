"""The checker finds every rule of the protocol that is left out, and nothing where none is."""

from pathlib import Path

import pytest

from tests.faults.broken import VARIANT, VARIANTS
from tests.faults.clients import HOT, Workload
from tests.faults.cluster import running
from tests.faults.node import Setup
from tests.faults.rest import REST_SECONDS, finish

# As what each is found: a reader sees it, or it stays in an entry or in an index.
BROKEN = {variant: ("I1", "I4") for variant in VARIANTS if variant != "nothing"} | {
    "the way out of the indexes": ("I3",),
}
LAUNCHER = ("tests.faults.broken",)


async def play(folder: Path, database_url: str, *rounds: float, rules: tuple[str, ...]) -> list[str]:
    """Works for as many rounds as it takes until something is found that breaks one of the rules."""
    # What is wrong in an index for longer than two rounds of the scrub stays so.
    rest = {("I1", "I4"): 1.0, ("I3",): 3.0}.get(rules, REST_SECONDS)
    async with running(folder, database_url, Setup(LAUNCHER)) as cluster:
        workload = Workload(cluster, clients=20, tasks=4, evicting=0.1, actions=HOT)
        for seconds in rounds:
            await workload.run(seconds)
            if wrong := [text for text in await finish(workload, rest) if text.startswith(rules)]:
                return wrong
        return []


async def test_the_same_workload_finds_nothing_when_all_rules_stand(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIANT, "nothing")
    wrong = await play(tmp_path, database_url, 5, rules=("",))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("variant", BROKEN)
async def test_a_rule_that_is_left_out_is_found(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, variant: str
) -> None:
    monkeypatch.setenv(VARIANT, variant)
    wrong = await play(tmp_path, database_url, 1.5, 3, 4, 5, 6, rules=BROKEN[variant])
    assert wrong, f"nobody misses {variant}"
