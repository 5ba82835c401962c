"""Tests the batches for the index: they contain every visible task once, in order."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec import structs

from db.connection import Connection
from db.index_source import INDEX_START, StatusBatch, index_batch, last_position
from db.task import Task
from tests.support.task_factories import WORKSPACE, create_rows, delete_row, expire_row, in_an_hour

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def read_batches(connection: Connection, limit: int, workspace: str = WORKSPACE) -> list[list[StatusBatch]]:
    found, position = [], INDEX_START
    while batch := await index_batch(connection, workspace, position, limit):
        found.append(batch)
        position = last_position(batch)
    return found


def tasks_in(batch: list[StatusBatch]) -> list[tuple[int, UUID, str, int | None]]:
    """Return the tasks of a batch as (created_at, id, status, expires_at), sorted."""
    seen = []
    for part in batch:
        created, expiries = part.created_at, part.expires_at
        assert len(created) == len(part)
        assert set(expiries) <= set(created)
        for scores in (created, expiries):
            assert list(scores.items()) == sorted(scores.items(), key=lambda item: (item[1], item[0]))
        seen += [(at, UUID(bytes=id_), part.status, expiries.get(id_)) for id_, at in created.items()]
    return sorted(seen)


def index_row(task: Task) -> tuple[int, UUID, str, int | None]:
    expiries = None if task.expires_at is None else (task.expires_at - EPOCH) // timedelta(milliseconds=1)
    return (task.created_at - EPOCH) // timedelta(microseconds=1), task.id, task.status, expiries


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 100])
async def test_batches_hold_every_visible_task_once_in_order(connection: Connection, limit: int) -> None:
    made = await create_rows(connection, 5, expires_at=in_an_hour())
    made = await create_rows(connection, 4, status="DONE") + made
    await delete_row(connection, WORKSPACE, made.pop(2))
    await expire_row(connection, made.pop(6).id)
    made = await create_rows(connection, 1, status="IN_PROGRESS") + made
    found = await read_batches(connection, limit)
    assert [task for batch in found for task in tasks_in(batch)] == [index_row(task) for task in reversed(made)]
    assert [sum(map(len, batch)) for batch in found[:-1]] == [limit] * (len(found) - 1)


async def test_tasks_with_equal_times_are_sorted_by_id(connection: Connection) -> None:
    made = await create_rows(connection, 10)
    await connection.raw.execute("UPDATE task SET created_at = %s", (made[-1].created_at,))
    made = [structs.replace(task, created_at=made[-1].created_at) for task in made]
    made.sort(key=lambda task: task.id, reverse=True)
    found = await read_batches(connection, 3)
    assert [task for batch in found for task in tasks_in(batch)] == [index_row(task) for task in reversed(made)]


async def test_earliest_and_latest_possible_times_are_read(connection: Connection) -> None:
    made = await create_rows(connection, 2)
    moments = EPOCH, datetime(2199, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    for task, moment in zip(made, moments, strict=True):
        await connection.raw.execute(
            "UPDATE task SET created_at = %s, updated_at = '2200-01-01Z', expires_at = %s WHERE id = %s",
            (moment, moments[1], task.id),
        )
    (batch,) = await read_batches(connection, 10)
    scores = [(moment - EPOCH) // timedelta(microseconds=1) for moment in moments]
    assert [(at, id_) for at, id_, _, _ in tasks_in(batch)] == [(scores[0], made[0].id), (scores[1], made[1].id)]
    assert {expiries for *_, expiries in tasks_in(batch)} == {scores[1] // 1000}
    assert await index_batch(connection, WORKSPACE, last_position(batch), 1) == []


async def test_scores_are_exact_to_the_unit(connection: Connection) -> None:
    draw = random.Random(1)
    # Where PostgreSQL starts and stops calculating with floats, where a float loses a digit, and other times.
    edges = [datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC), datetime(2106, 2, 7, tzinfo=UTC)]
    edges += [EPOCH + timedelta(seconds=2**power) for power in (30, 31, 32)]
    moments = [edge + timedelta(microseconds=step) for edge in edges for step in range(-20, 20)]
    moments += [EPOCH + timedelta(microseconds=draw.randrange(2**52)) for _ in range(2000)]
    expiries = [moment if moment.year >= 2030 else moment + timedelta(days=365 * 60) for moment in moments]
    made = await create_rows(connection, len(moments))
    # Without the trigger that cuts an expiry to milliseconds.
    await connection.raw.execute("SET session_replication_role = replica")
    await connection.raw.execute(
        """UPDATE task SET created_at = moment, updated_at = '2200-01-01Z', expires_at = expiry
           FROM unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[]) AS made (id, moment, expiry)
           WHERE task.id = made.id""",
        ([task.id for task in made], moments, expiries),
    )
    created: dict[bytes, int] = {}
    expires: dict[bytes, int] = {}
    for batch in await read_batches(connection, 700):
        for part in batch:
            created |= part.created_at
            expires |= part.expires_at
    ids = [task.id.bytes for task in made]
    unit = timedelta(microseconds=1)
    assert created == {id_: (moment - EPOCH) // unit for id_, moment in zip(ids, moments, strict=True)}
    assert expires == {id_: (expiry - EPOCH) // (1000 * unit) for id_, expiry in zip(ids, expiries, strict=True)}


async def test_batches_hold_only_one_workspace(connection: Connection) -> None:
    await create_rows(connection, 3)
    assert await read_batches(connection, 2, "other") == []
