"""Tests that workspaces share slots and permits fairly."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.fair_slots import FairPermits, FairSlots


def test_one_workspace_may_take_all_slots_and_keeps_no_other_out() -> None:
    slots = FairSlots(8)
    assert [slots.enter("busy") for _ in range(9)] == [True] * 8 + [False]
    # The part of two workspaces is four slots for each, of three workspaces two or three.
    assert [slots.enter("quiet") for _ in range(5)] == [True] * 4 + [False]
    assert [slots.enter("third") for _ in range(3)] == [True] * 2 + [False]
    assert slots.in_flight == 14
    slots.leave("busy")
    assert not slots.enter("busy")
    for workspace, number in (("busy", 7), ("quiet", 4), ("third", 2)):
        for _ in range(number):
            slots.leave(workspace)
    assert slots.in_flight == 0
    assert [slots.enter("quiet") for _ in range(9)] == [True] * 8 + [False]


@given(steps=st.lists(st.tuples(st.booleans(), st.sampled_from("abc"))), limit=st.integers(1, 10))
def test_slots_are_bounded_and_no_workspace_is_kept_out(steps: list[tuple[bool, str]], limit: int) -> None:
    slots, taken = FairSlots(limit), dict.fromkeys("abc", 0)
    for enters, workspace in steps:
        if enters:
            had = taken[workspace]
            entered = slots.enter(workspace)
            assert entered or had >= 1
            taken[workspace] += entered
        elif taken[workspace]:
            slots.leave(workspace)
            taken[workspace] -= 1
        assert slots.in_flight == sum(taken.values()) <= limit + max(2, limit * 5 // 6)


async def test_permits_go_to_workspaces_in_turn() -> None:
    permits, order = FairPermits(1), list[str]()

    async def work(workspace: str) -> None:
        await permits.acquire(workspace)
        order.append(workspace)
        await asyncio.sleep(0)
        permits.release()

    await asyncio.gather(*(work(workspace) for workspace in "aaaabbc"))
    assert order == list("aabcaba")[:1] + order[1:]
    # The first one runs at once; then every workspace that waits gets a permit before any gets two.
    assert sorted(order[1:4]) == ["a", "b", "c"]
    assert sorted(order[4:6]) == ["a", "b"]
    assert permits.free == 1


@pytest.mark.parametrize("released", [False, True])
async def test_cancelled_waiter_passes_its_permit_on(released: bool) -> None:
    permits = FairPermits(1)
    await permits.acquire("a")
    first, second = (asyncio.create_task(permits.acquire(workspace)) for workspace in "ab")
    await asyncio.sleep(0)
    if released:
        permits.release()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    if not released:
        permits.release()
    await second
    permits.release()
    assert permits.free == 1
    assert not permits._waiting
