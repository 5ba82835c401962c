"""Tests the turns of workspaces."""

import asyncio

from api.http import fair_turns
from api.http.fair_turns import FairTurns


def test_only_several_workspaces_take_turns() -> None:
    turns = FairTurns()
    assert [turns.must_wait("a") for _ in range(3)] == [False] * 3
    assert turns.must_wait("b")
    assert turns.must_wait("b")
    turns._changed_at -= fair_turns.RECENT_SECONDS
    assert not turns.must_wait("b")
    assert turns.must_wait("a")


async def test_workspaces_continue_in_turn() -> None:
    turns, order = FairTurns(), list[str]()

    async def request(workspace: str) -> None:
        await turns.turn(workspace)
        order.append(workspace)

    requests = [asyncio.create_task(request("busy")) for _ in range(20)]
    await asyncio.sleep(0)
    requests.append(asyncio.create_task(request("quiet")))
    cancelled = asyncio.create_task(request("cancelled"))
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.gather(*requests)
    assert sorted(order) == ["busy"] * 20 + ["quiet"]
    assert order.index("quiet") < 6
