"""Transitions of the writers, with declared views: row, mark, commit, publish or abort."""

from tests.model import views_scripts as scripts
from tests.model.state import put
from tests.model.views_state import (
    ALL_SHAPES,
    NO_ROW,
    Keys,
    Row,
    State,
    Transitions,
    ViewsScope,
    Write,
    Writer,
    bits,
    is_visible,
    may_fail,
    spend,
)

# At these a transaction is open: the writer holds the shared lock on the gate and the lock of its row.
IN_TRANSACTION = ("row changed", "marked")


def transitions(state: State, scope: ViewsScope) -> Transitions:
    """Yield every next step of every writer, and the arrival of every message in flight."""
    for index, writer in enumerate(state.writers):
        if writer.in_flight:
            yield from arrive(state, scope, index)
        if writer.pc == "done":
            continue
        yield from ACTIONS[writer.pc](state, scope, index)
        if writer.pc in ("marked", "committed", "aborting") and may_fail(state, "crash"):
            yield ("writer dies", index), with_writer(spend(state, "crash"), index, pc="done")


def with_writer(state: State, index: int, **changes: object) -> State:
    """Return the state with one writer changed."""
    writer: Writer = state.writers[index]._replace(**changes)  # type: ignore[arg-type]
    return state._replace(writers=put(state.writers, index, writer))


def acknowledge(state: State, scope: ViewsScope, index: int) -> State:
    """Raise the floor: no read that begins later may return an older version."""
    task = scope.writers[index].task
    return state._replace(floors=put(state.floors, task, max(state.floors[task], state.writers[index].version)))


def is_locked(state: State, scope: ViewsScope, task: int) -> bool:
    """Return whether a transaction holds the row's lock, and the advisory lock of the id."""
    return any(
        writer.pc in IN_TRANSACTION and write.task == task
        for writer, write in zip(state.writers, scope.writers, strict=True)
    )


def arrive(state: State, scope: ViewsScope, index: int) -> Transitions:
    """Deliver a message whose sender has timed out or died."""
    name = state.writers[index].in_flight
    after = with_writer(state, index, in_flight="")
    script = {"mark": scripts.mark, "record": scripts.record, "publish": scripts.publish, "abort": scripts.abort}
    keys = settle_own(after, scope, index) if name == "settle" else script[name](after, scope, index)
    yield (f"late {name}", index), after if keys is None else after._replace(keys=keys)


def next_row(write: Write, before: Row, now: int) -> Row | None:
    """Return the row version that the write makes; None if it changes nothing."""
    if write.kind in ("create", "bulk"):
        return None if before.exists else Row(1, write.views, write.expires_at, write.score)
    if not is_visible(before, now):
        return None
    return NO_ROW if write.kind == "delete" else Row(1, write.views, write.expires_at, write.score)


def change_row(state: State, scope: ViewsScope, index: int) -> Transitions:
    """W1, W2: enter the gate, change the row, which locks it, and draw the seq."""
    write = scope.writers[index]
    if is_locked(state, scope, write.task):
        return
    before = state.rows[write.task][-1]
    after = next_row(write, before, state.now)
    if after is None:
        yield ("W2 nothing to do", index), with_writer(state, index, pc="done")
        return
    seq = 1 + max(writer.seq for writer in state.writers)
    yield ("W2 row", index, write), with_writer(state, index, pc="row changed", before=before, after=after, seq=seq)


def mark(state: State, scope: ViewsScope, index: int) -> Transitions:
    """W3, or W7 for a bulk create: send the script once. Roll back if the script is refused or fails."""
    bulk = scope.writers[index].kind == "bulk"
    name, message = ("W7 record", "record") if bulk else ("W3 mark", "mark")
    keys = (scripts.record if bulk else scripts.mark)(state, scope, index)
    if keys is None:
        yield (f"{name} refused", index), with_writer(state, index, pc="done")
    else:
        yield (name, index), with_writer(state._replace(keys=keys), index, pc="marked")
    if may_fail(state, "mark fails"):
        failed = with_writer(spend(state, "mark fails"), index, pc="done")
        yield (f"{name} fails", index), failed
        yield (f"{name} delayed", index), with_writer(failed, index, in_flight=message)


def commit(state: State, scope: ViewsScope, index: int) -> Transitions:
    """W4: commit, or a rollback that PostgreSQL reports. A bulk create is acknowledged before its settle."""
    writer, write = state.writers[index], scope.writers[index]
    rows = put(state.rows, write.task, (*state.rows[write.task], writer.after))
    version = len(rows[write.task])
    committed = with_writer(state._replace(rows=rows), index, pc="committed", version=version)
    yield ("W4 commit", index), acknowledge(committed, scope, index) if write.kind == "bulk" else committed
    if may_fail(state, "rollback"):
        pc = "done" if write.kind == "bulk" else "aborting"
        yield ("W4 rollback", index), with_writer(spend(state, "rollback"), index, pc=pc)


def publish(state: State, scope: ViewsScope, index: int) -> Transitions:
    """W5, then acknowledge, also if the publish is lost. For a bulk create, W8 after the acknowledgement."""
    done = acknowledge(with_writer(state, index, pc="done"), scope, index)
    bulk = scope.writers[index].kind == "bulk"
    name, message = ("W8 settle", "settle") if bulk else ("W5 publish", "publish")
    keys = settle_own(done, scope, index) if bulk else scripts.publish(done, scope, index)
    yield (name, index), done._replace(keys=keys)
    if may_fail(state, "publish fails"):
        lost = spend(done, "publish fails")
        yield (f"{name} lost", index), lost
        yield (f"{name} delayed", index), with_writer(lost, index, in_flight=message)


def settle_own(state: State, scope: ViewsScope, index: int) -> Keys:
    """W8, sent by the writer itself."""
    return scripts.settle(state, scope, index, scope.writers[index].maintains)


def settle_ended(state: State, scope: ViewsScope) -> State:
    """S6, P4: settle or discard every recorded bulk create that has ended."""
    for index in bits(state.keys.records):
        writer = state.writers[index]
        if writer.version:
            state = state._replace(keys=scripts.settle(state, scope, index, ALL_SHAPES))
        elif writer.pc == "done":
            state = state._replace(keys=state.keys._replace(records=state.keys.records & ~(1 << index)))
    return state


def abort(state: State, scope: ViewsScope, index: int) -> Transitions:
    """W6: abort after a rollback that PostgreSQL has reported."""
    done = with_writer(state, index, pc="done")
    yield ("W6 abort", index), done._replace(keys=scripts.abort(done, scope, index))
    if may_fail(state, "abort fails"):
        lost = spend(done, "abort fails")
        yield ("W6 abort lost", index), lost
        yield ("W6 abort delayed", index), with_writer(lost, index, in_flight="abort")


ACTIONS = {"new": change_row, "row changed": mark, "marked": commit, "committed": publish, "aborting": abort}
