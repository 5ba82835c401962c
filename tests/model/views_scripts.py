"""The Lua scripts, as far as they concern declared views: the fence, and the steps of a write."""

from tests.model import views_expiry
from tests.model.state import put
from tests.model.views_orders import hold_recorded_score, hold_score, set_score
from tests.model.views_orders import release as release_score
from tests.model.views_state import (
    ABSENT,
    BUILDING,
    EMPTY,
    HELD,
    LEASE,
    NO_ROW,
    OLDER_RELEASE,
    Keys,
    Row,
    State,
    ViewsScope,
    bits,
)


def present_shapes(keys: Keys) -> int:
    """Return the bit set of the shapes that are built or being built."""
    return sum(1 << shape for shape, (status, _) in enumerate(keys.shapes) if status != ABSENT)


def views_of(scope: ViewsScope, shapes: int) -> int:
    """Return the bit set of the views of these shapes."""
    return sum(1 << view for view, shape in enumerate(scope.shape_of) if shapes >> shape & 1)


def drop_shapes(keys: Keys, scope: ViewsScope, shapes: int) -> Keys:
    """Drop shapes. No later script finds the sets of their generations. Without any shape nothing is held."""
    if not shapes:
        return keys
    gone = views_of(scope, shapes)
    keys = keys._replace(
        shapes=tuple(
            (ABSENT, number) if shapes >> shape & 1 else (status, number)
            for shape, (status, number) in enumerate(keys.shapes)
        ),
        members=tuple(
            tuple(0 if gone >> view & 1 else score for view, score in enumerate(scores)) for scores in keys.members
        ),
        scores=tuple(
            tuple(0 if gone >> view & 1 else score for view, score in enumerate(scores)) for scores in keys.scores
        ),
        existing=keys.existing & ~gone,
        registered=keys.registered & ~gone,
        touched=tuple(0 if shapes >> shape & 1 else tasks for shape, tasks in enumerate(keys.touched)),
    )
    return keys if present_shapes(keys) else keys._replace(holding=(0,) * len(keys.holding), fence=0, reordering=0)


def raise_rev(keys: Keys, scope: ViewsScope, maintains: int) -> tuple[Keys, int]:
    """Raise `rev`: the fence. Return also the bit set of the views that the script maintains."""
    present = present_shapes(keys)
    if not present:
        return keys, 0
    if maintains == OLDER_RELEASE:
        return keys._replace(fence=0), 0
    dropped = present & ~maintains
    if "other shapes are dropped" in scope.omitted:
        dropped = 0
    if not keys.fence and "scripts check the fence" not in scope.omitted:
        dropped = present
    keys = drop_shapes(keys, scope, dropped)
    kept = present_shapes(keys)
    return (keys._replace(fence=1) if kept else keys), views_of(scope, kept & maintains)


def is_lost(keys: Keys, view: int) -> bool:
    """Return whether a registered view has no sets."""
    return bool(keys.registered & ~keys.existing & 1 << view)


def enter(keys: Keys, scope: ViewsScope, task: int, view: int, score: int) -> Keys:
    """Set the task's expiry in a view. The first task creates the sets. A lost view drops its shape."""
    if keys.shapes[scope.shape_of[view]][0] == ABSENT:
        return keys
    if is_lost(keys, view) and "lost views are noticed" not in scope.omitted:
        return drop_shapes(keys, scope, 1 << scope.shape_of[view])
    return keys._replace(
        members=put(keys.members, task, put(keys.members[task], view, score)),
        existing=keys.existing | 1 << view,
        registered=keys.registered | 1 << view,
    )


def enter_row(keys: Keys, scope: ViewsScope, task: int, view: int, row: Row) -> Keys:
    """Put the task where its row belongs in a view."""
    keys = enter(keys, scope, task, view, row.expires_at)
    return set_score(keys, scope, task, view, row.score) if keys.members[task][view] else keys


def leave(keys: Keys, scope: ViewsScope, task: int, view: int) -> Keys:
    """Remove the task from a view. The last task removes the sets."""
    if keys.members[task][view]:
        keys = keys._replace(members=put(keys.members, task, put(keys.members[task], view, 0)))
        keys = set_score(keys, scope, task, view, 0)
    elif "removal after a page's sweep" in scope.omitted:
        return keys
    return keys if "empty views are removed" in scope.omitted else without_empty(keys, view)


def without_empty(keys: Keys, view: int) -> Keys:
    """Remove the sets of a view without tasks. A lost view stays registered."""
    if any(scores[view] for scores in keys.members) or not keys.existing >> view & 1:
        return keys
    return keys._replace(existing=keys.existing & ~(1 << view), registered=keys.registered & ~(1 << view))


def with_base(keys: Keys, task: int, row: Row) -> Keys:
    """Set the position of the task in the base index."""
    return keys._replace(base=put(keys.base, task, row.expires_at if row.exists else 0))


def moves(scope: ViewsScope, before: Row, after: Row) -> bool:
    """Return whether a write moves its task."""
    if "another score moves the task" in scope.omitted:
        before = before._replace(score=after.score)
    return before != after


def mark(state: State, scope: ViewsScope, index: int) -> Keys | None:
    """W3: the id is in the old and the new views until the mark is settled. Return None if refused."""
    writer, write, keys = state.writers[index], scope.writers[index], state.keys
    task, entry = write.task, keys.entries[write.task]
    if entry > 0 and state.writers[entry - 1].seq > writer.seq:
        return None
    keys, maintained = raise_rev(keys, scope, write.maintains)
    keys, maintained, recorded = take_records(state, keys, scope, index, maintained)
    keys = keys._replace(entries=put(keys.entries, task, index + 1), marks=keys.marks | 1 << task)
    keys = views_expiry.mark_base(keys, task, writer.after)
    held = keys.holding[task] | recorded
    if not maintained or not (moves(scope, writer.before, writer.after) or held):
        return keys
    return hold(keys, scope, task, (writer.before, writer.after), (held, recorded), maintained)


def hold(
    keys: Keys, scope: ViewsScope, task: int, rows: tuple[Row, Row], held_recorded: tuple[int, int], maintained: int
) -> Keys:
    """Hold the old and new views, those already held, and those of records."""
    (before, after), (held, recorded) = rows, held_recorded
    own = after.views | (before.views if "mark with old views" not in scope.omitted else 0)
    union = own | (held if "mark keeps held views" not in scope.omitted else 0)
    keys = keys._replace(holding=put(keys.holding, task, union | HELD))
    for view in bits((own | held) & maintained):
        if (own | recorded) >> view & 1 or keys.members[task][view]:
            keys, expiry = views_expiry.hold_expiry(keys, scope, task, view, rows)
            keys = enter(keys, scope, task, view, expiry)
            if keys.members[task][view]:
                keys = hold_score(keys, scope, task, view, rows)
    building = sum(1 << shape for shape, (status, _) in enumerate(keys.shapes) if status == BUILDING)
    if "touched" not in scope.omitted:
        touched = tuple(
            tasks | 1 << task if building >> shape & 1 and maintained & views_of(scope, 1 << shape) else tasks
            for shape, tasks in enumerate(keys.touched)
        )
        keys = keys._replace(touched=touched)
    return views_expiry.note_in_build(keys, scope, task)


def take_records(state: State, keys: Keys, scope: ViewsScope, index: int, maintained: int) -> tuple[Keys, int, int]:
    """Take the task out of earlier records. Return also the views that are maintained, and those to hold."""
    task, recorded = scope.writers[index].task, 0
    for other in bits(keys.records):
        if scope.writers[other].task != task or state.writers[other].seq > state.writers[index].seq:
            continue
        keys = keys._replace(records=keys.records & ~(1 << other))
        keys = with_base(keys, task, state.writers[other].after)
        if scope.writers[other].maintains == OLDER_RELEASE:
            keys, maintained = drop_shapes(keys, scope, present_shapes(keys)), 0
        if scope.writers[index].maintains == OLDER_RELEASE:
            continue
        row = state.writers[other].after
        if "recorded views are held" in scope.omitted:
            for view in bits(row.views & maintained):
                keys = enter(keys, scope, task, view, row.expires_at)
        else:
            recorded |= row.views
            for view in bits(row.views & maintained):
                keys = hold_recorded_score(enter(keys, scope, task, view, row.expires_at), scope, task, view, row.score)
    return keys, maintained, recorded


def release(keys: Keys, scope: ViewsScope, maintained: int, task: int, row: Row, found: int = 0) -> Keys:
    """Make the views agree with the row: the task is in its views, and in none of those that were held or found."""
    held = keys.holding[task] if "holding until the removal" not in scope.omitted else 0
    keys = release_score(keys._replace(holding=put(keys.holding, task, 0)), task)
    stays = row.views if row.exists else 0
    for view in bits((held | row.views | found) & maintained):
        keys = enter_row(keys, scope, task, view, row) if stays >> view & 1 else leave(keys, scope, task, view)
    return keys


def settle_mark(keys: Keys, task: int) -> Keys:
    """End the mark of a task."""
    keys = keys._replace(entries=put(keys.entries, task, EMPTY), marks=keys.marks & ~(1 << task))
    return views_expiry.release(keys, task)


def publish(state: State, scope: ViewsScope, index: int) -> Keys:
    """W5: only under its own mark, the task leaves the views that it is no longer in."""
    return end_write(state, scope, index, state.writers[index].after, "publish over its own mark")


def abort(state: State, scope: ViewsScope, index: int) -> Keys:
    """W6: the same, with the old row."""
    writer = state.writers[index]
    row = writer.after if "abort with the old row" in scope.omitted else writer.before
    return end_write(state, scope, index, row, "abort over its own mark")


def end_write(state: State, scope: ViewsScope, index: int, row: Row, rule: str) -> Keys:
    """Settle the writer's own mark with a row."""
    writer, write = state.writers[index], scope.writers[index]
    keys, maintained = raise_rev(state.keys, scope, write.maintains)
    task, owns = write.task, keys.entries[write.task] == index + 1
    if owns:
        keys = with_base(settle_mark(keys, task), task, row)
    elif keys.entries[task] == LEASE and rule.startswith("publish"):
        keys = keys._replace(entries=put(keys.entries, task, EMPTY))
    is_due = owns or rule in scope.omitted
    if is_due and maintained and (moves(scope, writer.before, writer.after) or keys.holding[task]):
        keys = release(keys, scope, maintained, task, row)
    return keys


def record(state: State, scope: ViewsScope, index: int) -> Keys | None:
    """W7: record a bulk create."""
    keys, _ = raise_rev(state.keys, scope, scope.writers[index].maintains)
    return keys._replace(records=keys.records | 1 << index)


def settle(state: State, scope: ViewsScope, index: int, maintains: int) -> Keys:
    """W8: add the id of a committed bulk create to its recorded views. Do nothing without the record."""
    keys, writer, task = state.keys, state.writers[index], scope.writers[index].task
    if not keys.records >> index & 1:
        return keys
    keys, maintained = raise_rev(keys, scope, maintains)
    if scope.writers[index].maintains == OLDER_RELEASE and "records without views drop" not in scope.omitted:
        keys, maintained = drop_shapes(keys, scope, present_shapes(keys)), 0
    entry = keys.entries[task]
    if entry > 0 and state.writers[entry - 1].seq < writer.seq:
        keys = settle_mark(keys, task)
        if "settle of earlier marks" not in scope.omitted:
            keys = release(keys, scope, maintained, task, NO_ROW)
    elif entry == LEASE:
        keys = keys._replace(entries=put(keys.entries, task, EMPTY))
    keys = with_base(keys._replace(records=keys.records & ~(1 << index)), task, writer.after)
    recorded = writer.after.views if scope.writers[index].maintains != OLDER_RELEASE else 0
    if "recorded views" in scope.omitted:
        recorded = 0
    for view in bits(recorded & maintained):
        keys = enter_row(keys, scope, task, view, writer.after)
    return keys
