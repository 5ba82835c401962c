"""Declared orders of views: the scores of a task, and the tasks whose scores are in doubt."""

from tests.model.state import put
from tests.model.views_state import Keys, Row, ViewsScope


def set_score(keys: Keys, scope: ViewsScope, task: int, view: int, score: int) -> Keys:
    """Set the score of a task in a view; 0 without membership."""
    if not scope.orders:
        return keys
    return keys._replace(scores=put(keys.scores, task, put(keys.scores[task], view, score)))


def note(keys: Keys, scope: ViewsScope, task: int) -> Keys:
    """Let PostgreSQL answer the pages in a declared order until the mark of the task is settled."""
    return keys._replace(reordering=keys.reordering | 1 << task) if scope.orders else keys


def release(keys: Keys, task: int) -> Keys:
    """Forget a task whose scores agree with its row."""
    return keys._replace(reordering=keys.reordering & ~(1 << task))


def hold_score(keys: Keys, scope: ViewsScope, task: int, view: int, rows: tuple[Row, Row]) -> Keys:
    """W3: give the task the score of its new row, in a view that it leaves that of its old row.

    In any other view, the task keeps its score: no row of this write is there. Note the task if the score was another
    one.
    """
    before, after = rows
    row = after if after.views >> view & 1 else before
    if not scope.orders or not row.views >> view & 1:
        return keys
    known = keys.scores[task][view]
    moves = known not in (0, row.score)
    if "mark compares with the set" in scope.omitted:
        moves = before.score != after.score
    if moves and "mark notes tasks" not in scope.omitted:
        keys = note(keys, scope, task)
    return set_score(keys, scope, task, view, row.score)


def hold_recorded_score(keys: Keys, scope: ViewsScope, task: int, view: int, score: int) -> Keys:
    """W3: give the task the score of a record. Its create may have been rolled back: note another score."""
    if keys.scores[task][view] not in (0, score) and "recorded scores are compared" not in scope.omitted:
        keys = note(keys, scope, task)
    return set_score(keys, scope, task, view, score)


def is_out_of_order(keys: Keys, scope: ViewsScope, task: int, view: int, row: Row) -> bool:
    """I7: return whether a task of a view has another score than its row, although no task is in doubt."""
    return scope.orders and not keys.reordering and keys.scores[task][view] != row.score
