"""The states of the gate: which follows which, for whom, and how often."""

import pytest

from db import gate
from db.gate import NEVER_BUILT, Gate, GateState
from db.pool import Connection, Database
from tests.support.db_factories import DEFAULT, new_id

RUN = "run"


async def build(connection: Connection, workspace: str = DEFAULT, state: GateState = "on") -> Gate:
    """A gate with a new epoch, brought to that state in the way it gets there."""
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


async def read(connection: Connection) -> Gate:
    return await gate.read_gate(connection, DEFAULT)


async def passed(connection: Connection, seconds: float) -> None:
    """As if that much time had passed."""
    await connection.raw.execute("UPDATE gate SET since = since - make_interval(secs => %s)", (seconds,))


async def test_before_the_first_build_it_is_off(connection: Connection) -> None:
    assert await read(connection) == await gate.enter_gate(connection, DEFAULT, None) == NEVER_BUILT
    assert not await gate.close_gate(connection, DEFAULT, 0, lost=True)
    assert not await gate.switch_on(connection, DEFAULT, 0)
    assert not await gate.switch_off(connection, DEFAULT, 0)


@pytest.mark.parametrize("state", ["on", "closing", "off", "building"])
async def test_everybody_reads_what_was_written(connection: Connection, state: GateState) -> None:
    written = await build(connection, state=state)
    assert await read(connection) == written
    assert await gate.enter_gate(connection, DEFAULT, new_id()) == written
    assert await gate.enter_gate(connection, DEFAULT, None) == written
    assert await gate.read_gate(connection, "other") == NEVER_BUILT


# What each step makes of each state.
STEPS: dict[GateState, tuple[GateState, GateState, GateState]] = {
    "on": ("closing", "on", "on"),
    "closing": ("closing", "off", "closing"),
    "off": ("off", "off", "off"),
    "building": ("off", "building", "on"),
}


@pytest.mark.parametrize("state", STEPS)
@pytest.mark.parametrize("step", range(3))
@pytest.mark.parametrize("mine", [True, False])
async def test_only_these_steps_are_taken_and_only_for_the_same_epoch(
    connection: Connection, state: GateState, step: int, mine: bool
) -> None:
    before = await build(connection, state=state)
    for epoch in (before.epoch,) if mine else (before.epoch - 1, before.epoch + 1, 0):
        if step == 0:
            taken = await gate.close_gate(connection, DEFAULT, epoch, lost=True)
        elif step == 1:
            taken = await gate.switch_off(connection, DEFAULT, epoch)
        else:
            taken = await gate.switch_on(connection, DEFAULT, epoch)
        expected = STEPS[state][step] if mine else state
        assert taken == (expected != state)
        assert await read(connection) == Gate(expected, before.epoch, RUN)


@pytest.mark.parametrize(("state", "begins"), [("on", False), ("closing", False), ("off", True), ("building", True)])
async def test_who_builds_begins_at_an_end(connection: Connection, state: GateState, begins: bool) -> None:
    before = await build(connection, state=state)
    async with connection.raw.transaction():
        epoch = await gate.begin_building(connection, DEFAULT)
    assert (epoch is not None) == begins
    assert await read(connection) == before  # until it is written


async def test_indexes_that_could_not_be_built_do_not_keep_a_later_one_in_use(connection: Connection) -> None:
    for _ in range(10):
        given_up = await build(connection, state="building")
        assert await gate.close_gate(connection, DEFAULT, given_up.epoch, lost=True)
    after = await build(connection)
    assert await gate.close_gate(connection, DEFAULT, after.epoch, lost=False)


async def test_an_index_that_is_done_by_one_who_had_lost_the_turn_stays_in_use(database: Database) -> None:
    async with database.connection() as connection:
        before = await build(connection, state="building")
        async with database.transaction() as other:
            epoch = await gate.begin_building(other, DEFAULT)
            assert epoch is not None
            assert await gate.switch_on(connection, DEFAULT, before.epoch)
            assert not await gate.write_building(other, DEFAULT, epoch, RUN)
        assert await read(connection) == Gate("on", before.epoch, RUN)


async def test_epochs_rise_and_none_comes_twice_also_when_rolled_back(database: Database) -> None:
    seen: list[int] = []

    async def attempt(*, fails: bool) -> None:
        async with database.transaction() as connection:
            epoch = await gate.begin_building(connection, DEFAULT)
            assert epoch is not None
            seen.append(epoch)
            await gate.write_building(connection, DEFAULT, epoch, RUN)
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
    assert max(seen) < 2**53  # scores, JSON and Lua know them all
    async with database.connection() as connection:
        assert (await read(connection)).epoch == seen[-1]


async def test_two_databases_do_not_meet_at_an_epoch(connection: Connection) -> None:
    """The sequence of each begins at 1, and they may share a Redis."""
    epochs = set()
    for _ in range(20):
        await connection.raw.execute("ALTER SEQUENCE gate_epoch RESTART")
        await connection.raw.execute("DELETE FROM gate")
        epochs.add((await build(connection)).epoch)
    assert len(epochs) > 15


async def close(connection: Connection, *, lost: bool = False) -> bool:
    """Whether a gate that has just been built can be closed."""
    built = await build(connection)
    closed = await gate.close_gate(connection, DEFAULT, built.epoch, lost=lost)
    if closed:
        await gate.switch_off(connection, DEFAULT, built.epoch)
    return closed


async def test_three_closings_are_free(connection: Connection) -> None:
    assert [await close(connection) for _ in range(4)] == [True, True, True, False]
    stays = await read(connection)
    assert stays.state == "on"
    assert not await gate.close_gate(connection, DEFAULT, stays.epoch, lost=False)
    assert await gate.close_gate(connection, DEFAULT, stays.epoch, lost=True)
    assert (await read(connection)).state == "closing"


async def test_an_index_that_is_lost_is_closed_each_time(connection: Connection) -> None:
    assert all([await close(connection, lost=True) for _ in range(10)])


async def test_each_closing_then_takes_twice_as_long_as_the_one_before(connection: Connection) -> None:
    for _ in range(3):
        assert await close(connection)
    waits: list[float] = []
    for _ in range(10):
        built = await build(connection)
        waited = 0
        for seconds in (2.0**n for n in range(12)):
            if await gate.close_gate(connection, DEFAULT, built.epoch, lost=False):
                break
            await connection.raw.execute("UPDATE gate SET since = clock_timestamp()")
            await passed(connection, seconds)
            waited = int(seconds)
        await gate.switch_off(connection, DEFAULT, built.epoch)
        # Not what this test asks of: a minute forgives one.
        await connection.raw.execute("UPDATE gate SET closings = %s", (4 + len(waits),))
        waits.append(waited)
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 256, 256]


async def test_a_minute_forgives_one(connection: Connection) -> None:
    for _ in range(3):
        assert await close(connection)
    built = await build(connection)
    await passed(connection, 125)
    assert await gate.close_gate(connection, DEFAULT, built.epoch, lost=False)
    await gate.switch_off(connection, DEFAULT, built.epoch)
    # Three, less two, and this one: one more is free.
    assert [await close(connection) for _ in range(2)] == [True, False]


async def test_all_is_forgiven_in_time(connection: Connection) -> None:
    for _ in range(8):
        assert await close(connection, lost=True)
    built = await build(connection)
    await passed(connection, 3600)
    assert await gate.close_gate(connection, DEFAULT, built.epoch, lost=False)
    await gate.switch_off(connection, DEFAULT, built.epoch)
    assert [await close(connection) for _ in range(3)] == [True, True, False]
