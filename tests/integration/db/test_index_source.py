"""The stream of tasks for the index: all that may be seen, in order, each once."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from db.index_source import INDEX_START, StatusBatch, index_batch, last_position
from db.pool import Connection
from db.task import Task
from tests.support.db_factories import DEFAULT, create, delete_task, expire, in_an_hour

BEGAN = datetime(1970, 1, 1, tzinfo=UTC)


async def batches(connection: Connection, limit: int, workspace: str = DEFAULT) -> list[list[StatusBatch]]:
    found, place = [], INDEX_START
    while batch := await index_batch(connection, workspace, place, limit):
        found.append(batch)
        place = last_position(batch)
    return found


def flat(batch: list[StatusBatch]) -> list[tuple[int, UUID, str, int | None]]:
    """A batch as its tasks: created at, id, status, expires at."""
    seen = []
    for members in batch:
        assert len(members.ids) == len(members.created_at)
        assert len(members.expiring) == len(members.expires_at)
        ends = dict(zip(members.expiring, map(int, members.expires_at), strict=True))
        assert set(ends) <= set(members.ids)
        for id_, at in zip(members.ids, members.created_at, strict=True):
            seen.append((int(at), UUID(bytes=id_), members.status, ends.get(id_)))
    return sorted(seen)


def expected(task: Task) -> tuple[int, UUID, str, int | None]:
    ends = None if task.expires_at is None else (task.expires_at - BEGAN) // timedelta(milliseconds=1)
    return (task.created_at - BEGAN) // timedelta(microseconds=1), task.id, task.status, ends


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 100])
async def test_it_is_what_may_be_seen_in_order_each_once(connection: Connection, limit: int) -> None:
    made = await create(connection, 5, expires_at=in_an_hour())
    made = await create(connection, 4, status="DONE") + made
    await delete_task(connection, DEFAULT, made.pop(2).id)
    await expire(connection, made.pop(6).id)
    made = await create(connection, 1, status="IN_PROGRESS") + made
    found = await batches(connection, limit)
    assert [task for batch in found for task in flat(batch)] == [expected(task) for task in reversed(made)]
    assert [sum(len(members.ids) for members in batch) for batch in found[:-1]] == [limit] * (len(found) - 1)


async def test_those_of_one_moment_are_told_apart_by_their_id(connection: Connection) -> None:
    made = await create(connection, 10)
    assert len({task.created_at for task in made}) == 1
    found = await batches(connection, 3)
    assert [task for batch in found for task in flat(batch)] == [expected(task) for task in reversed(made)]


async def test_the_first_and_the_last_moment_there_are(connection: Connection) -> None:
    made = await create(connection, 2)
    moments = BEGAN, datetime(2199, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    for task, moment in zip(made, moments, strict=True):
        await connection.raw.execute(
            "UPDATE task SET created_at = %s, updated_at = '2200-01-01Z', expires_at = %s WHERE id = %s",
            (moment, moments[1], task.id),
        )
    (batch,) = await batches(connection, 10)
    scores = [(moment - BEGAN) // timedelta(microseconds=1) for moment in moments]
    assert [(at, id_) for at, id_, _, _ in flat(batch)] == [(scores[0], made[0].id), (scores[1], made[1].id)]
    assert {ends for *_, ends in flat(batch)} == {scores[1] // 1000}
    assert await index_batch(connection, DEFAULT, last_position(batch), 1) == []


async def test_a_workspace_streams_its_own_alone(connection: Connection) -> None:
    await create(connection, 3)
    assert await batches(connection, 2, "other") == []
