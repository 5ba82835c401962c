"""The positions of tasks by expiry in views, and the tasks whose positions are in doubt."""

from tests.model.state import NEVER, put
from tests.model.views_state import BUILDING, Keys, Row, ViewsScope


def note(keys: Keys, task: int) -> Keys:
    """Let PostgreSQL answer the pages by expiry until the mark of the task is settled."""
    return keys._replace(moving=keys.moving | 1 << task)


def release(keys: Keys, task: int) -> Keys:
    """Forget a task whose positions agree with its row."""
    return keys._replace(moving=keys.moving & ~(1 << task))


def mark_base(keys: Keys, task: int, after: Row) -> Keys:
    """W3: move the task to the later of two expiries in the base index. Note the task if it had another one."""
    if not after.exists:
        return keys
    known = keys.base[task]
    if known not in (0, after.expires_at):
        keys = note(keys, task)
    return keys._replace(base=put(keys.base, task, max(known, after.expires_at)))


def hold_expiry(keys: Keys, scope: ViewsScope, task: int, view: int, rows: tuple[Row, Row]) -> tuple[Keys, int]:
    """W3: return the position of the task in a view that holds it: the later of two expiries.

    An unknown expiry counts as the latest. Note the task if it had another one: a late mark may know an outdated one.
    """
    before, after = rows
    known, expiry = keys.members[task][view], after.expires_at if after.exists else before.expires_at
    if known:
        if known != expiry and "mark compares expiries" not in scope.omitted:
            keys = note(keys, task)
        return keys, max(known, expiry)
    is_known = after.views >> view & 1 and keys.shapes[scope.shape_of[view]][0] != BUILDING
    return keys, expiry if is_known else NEVER


def note_in_build(keys: Keys, scope: ViewsScope, task: int) -> Keys:
    """W3: note a task that a view being built may lack. The view may come into use before the mark is settled."""
    building = any(status == BUILDING for status, _ in keys.shapes)
    return note(keys, task) if building and "mark notes tasks in a build" not in scope.omitted else keys


def is_out_of_order(keys: Keys, task: int, view: int, row: Row) -> bool:
    """I8: return whether a task of a view has another expiry than its row, and no mark has put it in doubt."""
    return not keys.moving >> task & 1 and keys.members[task][view] != row.expires_at
