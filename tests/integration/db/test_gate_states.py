"""Tests the states of the gate: the allowed changes, and the back-off after several closings."""

import pytest

from db import gate
from db.connection import Connection
from db.gate import NEVER_BUILT, Gate, GateState
from db.pool import Database
from tests.support.task_factories import WORKSPACE, new_id

RUN = "run"


async def build_gate(connection: Connection, workspace: str = WORKSPACE, state: GateState = "on") -> Gate:
    """Give the gate a new epoch and bring it to a state through the regular steps."""
    async with connection.raw.transaction():
        epoch = await gate.begin_building(connection, workspace)
        assert epoch is not None
        await gate.write_building(connection, workspace, epoch, RUN)
    if state != "building":
        assert await gate.switch_on(connection, workspace, epoch)
    if state in ("closing", "off"):
        assert await gate.close_gate(connection, workspace, epoch, lost=True)
    if state == "off":
        assert await gate.switch_off(connection, workspace, epoch)
    return Gate(state, epoch, RUN)


async def committed_gate(connection: Connection) -> Gate:
    return await gate.read_gate(connection, WORKSPACE)


async def backdate(connection: Connection, seconds: float) -> None:
    """Move the time of the gate's last change into the past by this many seconds."""
    await connection.raw.execute("UPDATE gate SET since = since - make_interval(secs => %s)", (seconds,))


async def test_gate_is_off_before_the_first_build(connection: Connection) -> None:
    assert await committed_gate(connection) == await gate.enter_gate(connection, WORKSPACE, None) == NEVER_BUILT
    assert not await gate.close_gate(connection, WORKSPACE, 0, lost=True)
    assert not await gate.switch_on(connection, WORKSPACE, 0)
    assert not await gate.switch_off(connection, WORKSPACE, 0)


@pytest.mark.parametrize("state", ["on", "closing", "off", "building"])
async def test_readers_and_writers_see_the_committed_gate(connection: Connection, state: GateState) -> None:
    written = await build_gate(connection, state=state)
    assert await committed_gate(connection) == written
    assert await gate.enter_gate(connection, WORKSPACE, new_id()) == written
    assert await gate.enter_gate(connection, WORKSPACE, None) == written
    assert await gate.read_gate(connection, "other") == NEVER_BUILT


# The state after close_gate, switch_off and switch_on.
STEPS: dict[GateState, tuple[GateState, GateState, GateState]] = {
    "on": ("closing", "on", "on"),
    "closing": ("closing", "off", "closing"),
    "off": ("off", "off", "off"),
    "building": ("off", "building", "on"),
}


@pytest.mark.parametrize("state", STEPS)
@pytest.mark.parametrize("step", range(3))
@pytest.mark.parametrize("same_epoch", [True, False])
async def test_gate_changes_only_by_these_steps_and_for_the_same_epoch(
    connection: Connection, state: GateState, step: int, same_epoch: bool
) -> None:
    before = await build_gate(connection, state=state)
    for epoch in (before.epoch,) if same_epoch else (before.epoch - 1, before.epoch + 1, 0):
        if step == 0:
            taken = await gate.close_gate(connection, WORKSPACE, epoch, lost=True)
        elif step == 1:
            taken = await gate.switch_off(connection, WORKSPACE, epoch)
        else:
            taken = await gate.switch_on(connection, WORKSPACE, epoch)
        expected = STEPS[state][step] if same_epoch else state
        assert taken == (expected != state)
        assert await committed_gate(connection) == Gate(expected, before.epoch, RUN)


@pytest.mark.parametrize(("state", "begins"), [("on", False), ("closing", False), ("off", True), ("building", True)])
async def test_build_begins_only_from_off_or_building(connection: Connection, state: GateState, begins: bool) -> None:
    before = await build_gate(connection, state=state)
    async with connection.raw.transaction():
        epoch = await gate.begin_building(connection, WORKSPACE)
    assert (epoch is not None) == begins
    assert await committed_gate(connection) == before  # The state `building` is not written yet.


async def test_failed_builds_do_not_count_as_closings(connection: Connection) -> None:
    for _ in range(10):
        given_up = await build_gate(connection, state="building")
        assert await gate.close_gate(connection, WORKSPACE, given_up.epoch, lost=True)
    after = await build_gate(connection)
    assert await gate.close_gate(connection, WORKSPACE, after.epoch, lost=False)


async def test_failed_builds_whose_index_is_not_lost_count_as_closings(connection: Connection) -> None:
    closed = []
    for _ in range(4):
        given_up = await build_gate(connection, state="building")
        closed.append(await gate.close_gate(connection, WORKSPACE, given_up.epoch, lost=False))
    assert closed == [True, True, True, False]


async def test_late_builder_does_not_replace_a_finished_index(database: Database) -> None:
    async with database.connection() as connection:
        before = await build_gate(connection, state="building")
        async with database.transaction() as other:
            epoch = await gate.begin_building(other, WORKSPACE)
            assert epoch is not None
            assert await gate.switch_on(connection, WORKSPACE, before.epoch)
            assert not await gate.write_building(other, WORKSPACE, epoch, RUN)
        assert await committed_gate(connection) == Gate("on", before.epoch, RUN)


async def test_epochs_increase_even_after_a_rollback(database: Database) -> None:
    seen: list[int] = []

    async def attempt(*, fails: bool) -> None:
        async with database.transaction() as connection:
            epoch = await gate.begin_building(connection, WORKSPACE)
            assert epoch is not None
            seen.append(epoch)
            await gate.write_building(connection, WORKSPACE, epoch, RUN)
            if fails:
                raise ValueError("rolled back")

    for fails in (True, False, True, True, False):
        if fails:
            with pytest.raises(ValueError, match="rolled back"):
                await attempt(fails=True)
        else:
            await attempt(fails=False)
    assert seen == sorted(set(seen))
    assert min(seen) > 0
    assert max(seen) < 2**53  # Lua and JSON represent numbers below 2**53 exactly.
    async with database.connection() as connection:
        assert (await committed_gate(connection)).epoch == seen[-1]


async def test_two_databases_use_different_epochs(connection: Connection) -> None:
    """Two databases may share a Redis, and the sequences of both begin at 1."""
    epochs = set()
    for _ in range(20):
        await connection.raw.execute("ALTER SEQUENCE gate_epoch RESTART")
        await connection.raw.execute("DELETE FROM gate")
        epochs.add((await build_gate(connection)).epoch)
    assert len(epochs) > 15


async def build_and_close(connection: Connection, *, lost: bool = False) -> bool:
    """Build the index, and return whether the gate can be closed immediately."""
    built = await build_gate(connection)
    closed = await gate.close_gate(connection, WORKSPACE, built.epoch, lost=lost)
    if closed:
        await gate.switch_off(connection, WORKSPACE, built.epoch)
    return closed


async def test_fourth_closing_in_a_row_must_wait(connection: Connection) -> None:
    assert [await build_and_close(connection) for _ in range(4)] == [True, True, True, False]
    stays = await committed_gate(connection)
    assert stays.state == "on"
    assert not await gate.close_gate(connection, WORKSPACE, stays.epoch, lost=False)
    assert await gate.close_gate(connection, WORKSPACE, stays.epoch, lost=True)
    assert (await committed_gate(connection)).state == "closing"


async def test_gate_of_a_lost_index_always_closes(connection: Connection) -> None:
    assert all([await build_and_close(connection, lost=True) for _ in range(10)])


async def test_closings_of_lost_indexes_do_not_count(connection: Connection) -> None:
    """After some rebuilds on request, or restarts of Redis, an outage of Redis must not block writers for minutes."""
    for _ in range(10):
        await build_and_close(connection, lost=True)
    assert [await build_and_close(connection) for _ in range(4)] == [True, True, True, False]


async def test_wait_before_a_closing_doubles_up_to_256_seconds(connection: Connection) -> None:
    for _ in range(3):
        assert await build_and_close(connection)
    waits: list[float] = []
    for _ in range(10):
        built = await build_gate(connection)
        waited = 0
        for seconds in (2.0**n for n in range(12)):
            if await gate.close_gate(connection, WORKSPACE, built.epoch, lost=False):
                break
            await connection.raw.execute("UPDATE gate SET since = clock_timestamp()")
            await backdate(connection, seconds)
            waited = int(seconds)
        await gate.switch_off(connection, WORKSPACE, built.epoch)
        # Set the count again, because the simulated minutes have reduced the count.
        await connection.raw.execute("UPDATE gate SET closings = %s", (4 + len(waits),))
        waits.append(waited)
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 256, 256]


async def test_each_minute_reduces_the_count_of_closings(connection: Connection) -> None:
    for _ in range(3):
        assert await build_and_close(connection)
    built = await build_gate(connection)
    await backdate(connection, 125)
    assert await gate.close_gate(connection, WORKSPACE, built.epoch, lost=False)
    await gate.switch_off(connection, WORKSPACE, built.epoch)
    # The count is 2: three closings, less two for two minutes, plus this closing. The next closing is immediate.
    assert [await build_and_close(connection) for _ in range(2)] == [True, False]


async def test_an_hour_takes_all_closings_off_the_count(connection: Connection) -> None:
    for _ in range(8):
        assert await build_and_close(connection, lost=True)
    built = await build_gate(connection)
    await backdate(connection, 3600)
    assert await gate.close_gate(connection, WORKSPACE, built.epoch, lost=False)
    await gate.switch_off(connection, WORKSPACE, built.epoch)
    assert [await build_and_close(connection) for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("before", [None, "1.5/7"])
async def test_index_of_a_version_that_records_no_history_is_believed(
    connection: Connection, before: str | None
) -> None:
    """During a rolling upgrade the last release builds indexes, too. They must not be closed at once."""
    built = await build_gate(connection, state="building")
    await connection.raw.execute("UPDATE gate SET history = %s", (before,))
    assert (await committed_gate(connection)).other_history == (before or "?")
    await connection.raw.execute(
        "UPDATE gate SET state = 'building', epoch = %s, redis_run_id = %s, since = clock_timestamp()",
        (built.epoch + 1, RUN),
    )
    assert await committed_gate(connection) == Gate("building", built.epoch + 1, RUN)
