"""Tokens and epochs increase in the order in which they are drawn, also when sessions take turns."""

from db import gate
from db.connection import Connection
from db.pool import Database
from db.task_table import insert_tasks
from tests.support.task_factories import WORKSPACE, create_rows, lock_row, new_task


async def test_tokens_increase_across_sessions(database: Database) -> None:
    async with database.connection() as one, database.connection() as two:
        [task] = await create_rows(one)
        tokens = []
        for connection in (one, two) * 3:
            locked = await lock_row(connection, WORKSPACE, task.id)
            assert locked is not None
            tokens += [locked.token, (await insert_tasks(connection, WORKSPACE, [new_task()]))[1]]
    assert tokens == sorted(set(tokens))


async def test_epochs_increase_across_sessions(database: Database) -> None:
    epochs = []

    async def begin(connection: Connection) -> None:
        epochs.append(await gate.begin_building(connection, WORKSPACE))

    async with database.connection() as one, database.connection() as two:
        for connection in (one, two) * 3:
            await begin(connection)
    assert None not in epochs
    assert epochs == sorted(epochs, key=lambda epoch: epoch or 0)
    assert len({(epoch or 0) >> 20 for epoch in epochs}) == 6


async def test_gate_of_another_workspace_with_the_same_epoch_stays(database: Database) -> None:
    async with database.connection() as connection:
        for workspace in (WORKSPACE, "other"):
            assert await gate.begin_building(connection, workspace)
            assert await gate.write_building(connection, workspace, 7, "run")

        async def states() -> list[str]:
            return [(await gate.read_gate(connection, workspace)).state for workspace in (WORKSPACE, "other")]

        assert await states() == ["building", "building"]
        assert await gate.switch_on(connection, WORKSPACE, 7)
        assert await states() == ["on", "building"]
        assert await gate.switch_on(connection, "other", 7)
        assert await gate.close_gate(connection, WORKSPACE, 7, lost=True)
        assert await states() == ["closing", "on"]
        assert await gate.close_gate(connection, "other", 7, lost=True)
        assert await gate.switch_off(connection, WORKSPACE, 7)
        assert await states() == ["off", "closing"]
        assert await gate.switch_off(connection, "other", 7)
        assert await gate.write_building(connection, WORKSPACE, 8, "next")
        assert await states() == ["building", "off"]
