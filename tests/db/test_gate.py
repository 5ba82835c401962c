"""Every statement of `db.gate`: who is let in, and who waits for whom."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from db import gate
from db.gate import Gate
from db.pool import Connection, Database
from db.tasks import delete_task
from tests.db.making import DEFAULT, create, expire, in_an_hour, new_id


async def test_the_gate_is_what_was_written_last(connection: Connection) -> None:
    assert await gate.read_gate(connection, DEFAULT) is None
    assert await gate.enter_gate(connection, DEFAULT, None) is None
    for written in (Gate(1, "one"), Gate(2, "two")):
        await gate.write_gate(connection, DEFAULT, written)
        assert await gate.read_gate(connection, DEFAULT) == written
        assert await gate.enter_gate(connection, DEFAULT, new_id()) == written.epoch
    assert await gate.read_gate(connection, "other") is None


async def test_epochs_and_tokens_rise_also_when_rolled_back(database: Database) -> None:
    seen: list[tuple[int, int]] = []

    async def roll_back() -> None:
        async with database.transaction() as connection:
            seen.append((await gate.new_epoch(connection), await gate.new_token(connection)))
            raise ValueError("rolled back")

    for _ in range(3):
        with pytest.raises(ValueError, match="rolled back"):
            await roll_back()
    epochs, tokens = zip(*seen, strict=True)
    assert sorted(set(epochs)) == list(epochs)
    assert sorted(set(tokens)) == list(tokens)


async def test_a_writer_that_waited_for_the_gate_reads_it_as_it_is_then(database: Database) -> None:
    async def enter() -> int | None:
        async with database.transaction() as connection:
            return await gate.enter_gate(connection, DEFAULT, new_id())

    async with database.transaction() as connection:
        await gate.close_gate(connection, DEFAULT)
        entering = asyncio.create_task(enter())
        await waiting(connection)
        await gate.write_gate(connection, DEFAULT, Gate(7, "run"))
    assert await entering == 7


@pytest.mark.parametrize("bulk", [True, False])
async def test_the_scrub_waits_for_the_writer_of_its_task(database: Database, bulk: bool) -> None:
    id_ = new_id()

    async def wait() -> None:
        async with database.connection() as connection:
            await gate.await_writers(connection, DEFAULT, [new_id(), id_])

    async with database.transaction() as connection:
        await gate.enter_gate(connection, DEFAULT, None if bulk else id_)
        scrubbing = asyncio.create_task(wait())
        await waiting(connection)
        assert not scrubbing.done()
    await scrubbing


async def test_the_scrub_waits_for_no_other_writer_and_holds_nobody_up(database: Database) -> None:
    async with database.transaction() as writer, database.connection() as connection:
        await gate.enter_gate(writer, DEFAULT, new_id())
        id_ = new_id()
        await gate.await_writers(connection, DEFAULT, [id_])
        assert await gate.enter_gate(writer, DEFAULT, id_) is None


async def waiting(connection: Connection) -> None:
    """Until somebody waits for an advisory lock."""
    for _ in range(2000):
        found = await connection.raw.execute(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        if await found.fetchone():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("Nobody waits.")


async def test_index_rows_are_what_may_be_seen_in_order(database: Database) -> None:
    async with database.connection() as connection:
        made = await create(connection, 5, expires_at=in_an_hour())
        made = await create(connection, 5, status="DONE") + made
        await delete_task(connection, DEFAULT, made.pop(2).id)
        await expire(connection, made.pop(6).id)
    async with database.transaction() as connection:
        batches = [batch async for batch in gate.index_rows(connection, DEFAULT, batch=3)]
    assert [len(batch) for batch in batches] == [3, 3, 2]
    assert [row for batch in batches for row in batch] == [
        (
            task.id.bytes,
            (task.created_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1),
            task.status,
            task.expires_at and (task.expires_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1),
        )
        for task in reversed(made)
    ]
