"""The scores of declared orders are the same in Python and in SQL, and exact as doubles."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from psycopg import sql

from db.connection import Connection
from db.orders import DECLARED_ORDERS, SCORE_DIGITS, SCORE_ENDS, SCORE_SQL, order_score
from db.task import DeclaredOrder, Priority, Task
from schema.ids import new_id

MICROSECOND = timedelta(microseconds=1)
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC) - MICROSECOND
TIMES = (FIRST, FIRST + MICROSECOND, datetime(2026, 11, 25, 8, 30, 0, 123_456, tzinfo=UTC), LAST - MICROSECOND, LAST)
DUE_DATES = (None, *TIMES, datetime(2026, 11, 25, 8, 30, 0, 999, tzinfo=UTC))
SCORES = """
    SELECT {} FROM (
        SELECT %s::timestamptz AS created_at, %s::timestamptz AS due_at, %s::task_priority AS priority
    ) AS task
"""
TASKS = [
    Task(new_id(), "t", "", "TODO", priority, created_at, created_at, None, 1, due_at=due_at)
    for created_at in TIMES
    for due_at in DUE_DATES
    for priority in get_args(Priority)
]


@pytest.mark.parametrize("order", DECLARED_ORDERS)
async def test_scores_in_sql_equal_those_in_python(connection: Connection, order: DeclaredOrder) -> None:
    statement = sql.SQL(SCORES).format(sql.SQL(SCORE_SQL[order]))
    for task in TASKS:
        row = await (await connection.raw.execute(statement, (task.created_at, task.due_at, task.priority))).fetchone()
        assert row == (order_score(task, order),)


@pytest.mark.parametrize("order", DECLARED_ORDERS)
def test_scores_are_exact_as_doubles(order: DeclaredOrder) -> None:
    for task in TASKS:
        score = order_score(task, order)
        assert int(float(score)) == score
        assert 0 <= score < SCORE_ENDS[order]
        assert len(str(score)) <= int(SCORE_DIGITS[order])


def test_scores_order_tasks_as_their_names_say() -> None:
    usual = [task for task in TASKS if task.created_at.year < 2100]

    def by_priority(task: Task) -> tuple[int, datetime]:
        return get_args(Priority).index(task.priority), task.created_at

    def by_due_date(task: Task) -> tuple[bool, timedelta]:
        if task.due_at is None:
            return True, LAST - task.created_at
        return False, (task.due_at - FIRST) // timedelta(milliseconds=1) * timedelta(milliseconds=1)

    for one in usual:
        for other in usual:
            scores = order_score(one, "PRIORITY_FIRST"), order_score(other, "PRIORITY_FIRST")
            assert (scores[0] < scores[1]) == (by_priority(one) < by_priority(other))
            scores = order_score(one, "DUE_FIRST"), order_score(other, "DUE_FIRST")
            assert (scores[0] < scores[1]) == (by_due_date(one) < by_due_date(other))
