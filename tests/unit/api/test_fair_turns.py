"""Tests the turns of workspaces."""

import asyncio

import pytest

from api.http import fair_turns
from api.http.fair_turns import FairTurns


def test_one_workspace_alone_never_waits() -> None:
    turns = FairTurns(2)
    for _ in range(5):
        assert not turns.must_wait("a")
        turns.begin("a")
    # Now another one is busy too.
    assert not turns.must_wait("b")
    assert turns.must_wait("a")
    turns._changed_at -= fair_turns.RECENT_SECONDS
    assert not turns.must_wait("a")
    for _ in range(5):
        turns.end("a")
    assert not turns._running
    assert not turns._waiting


async def test_a_few_requests_of_each_workspace_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_turns, "LONGEST_WAIT_SECONDS", 60.0)
    turns, running, most, order = FairTurns(2), {"busy": 0, "quiet": 0}, {"busy": 0, "quiet": 0}, list[str]()
    turns.must_wait("quiet")

    async def request(workspace: str) -> None:
        if turns.must_wait(workspace):
            await turns.wait(workspace)
        turns.begin(workspace)
        running[workspace] += 1
        most[workspace] = max(most[workspace], running[workspace])
        await asyncio.sleep(0)
        order.append(workspace)
        running[workspace] -= 1
        turns.end(workspace)

    busy = [asyncio.create_task(request("busy")) for _ in range(20)]
    await asyncio.sleep(0)
    cancelled = busy.pop()
    cancelled.cancel()
    await asyncio.gather(request("quiet"), *busy)
    assert most == {"busy": 2, "quiet": 1}
    assert order.count("busy") == 19
    assert order.index("quiet") < 6
    assert not turns._running
    assert not turns._waiting


async def test_no_request_waits_long_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_turns, "LONGEST_WAIT_SECONDS", 0.01)
    turns = FairTurns(1)
    turns.must_wait("quiet")
    turns.begin("busy")
    assert turns.must_wait("busy")
    await asyncio.wait_for(turns.wait("busy"), 30)
    turns.end("busy")
    assert not turns._waiting
