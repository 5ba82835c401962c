"""Transitions of the writers: gate, row, mark, commit, publish or abort. A bulk create only adds to the index."""

from tests.model import scripts
from tests.model.locks import row_is_free
from tests.model.outcomes import settle_own
from tests.model.scope import Scope, Write
from tests.model.server import adopted, mode_of, with_commit, with_published_commit
from tests.model.state import (
    BUILDING,
    CLOSING,
    DELETED,
    NEVER,
    NO_ROW,
    OFF,
    RowVersion,
    State,
    Transitions,
    Writer,
    is_visible,
    may_fail,
    put,
    spend,
)

DELAYED_SCRIPTS = {"mark": scripts.mark, "bulk add": scripts.bulk_add, "publish": scripts.publish, "settle": settle_own}


def transitions(state: State, scope: Scope) -> Transitions:
    """Yield every next step of every writer, and the arrival of every message in flight."""
    for index, writer in enumerate(state.writers):
        if writer.in_flight:
            yield from arrive(state, scope, index)
        if writer.pc == "done" or in_lockstep(state, scope, index, scope.writers[index].leader):
            continue
        followers = [
            other
            for other, write in enumerate(scope.writers)
            if write.leader == index and in_lockstep(state, scope, other, index)
        ]
        if followers:
            yield from step_both(state, scope, index, followers[0])
        else:
            yield from ACTIONS[writer.pc](state, scope, index)
        if writer.pc in ("marked", "committed", "aborting") and may_fail(state, "crash"):
            dead = with_writer(spend(state, "crash"), index, pc="done")
            yield ("writer dies", index), with_writer(dead, followers[0], pc="done") if followers else dead


def in_lockstep(state: State, scope: Scope, index: int, leader: int) -> bool:
    """Return whether this writer steps with its leader. It does not if one of them had nothing to do."""
    return leader >= 0 and scope.writers[index].leader == leader and state.writers[index].pc == state.writers[leader].pc


def step_both(state: State, scope: Scope, leader: int, follower: int) -> Transitions:
    """Step two writers of one transaction. Each step is one script for both tasks, with one outcome."""
    action = ACTIONS[state.writers[leader].pc]
    for label, first in action(state, scope, leader):
        if "a mark for each task" in scope.omitted and action is mark:
            yield label, with_writer(first, follower, pc=first.writers[leader].pc)
            continue
        for other_label, both in action(first._replace(faults_left=state.faults_left), scope, follower):
            if label[0] == other_label[0] or action is change_row:
                yield (f"{label[0]} of two", *label[1:]), both._replace(faults_left=first.faults_left)
            elif "refused" in f"{label[0]} {other_label[0]}" and "fails" not in f"{label[0]} {other_label[0]}":
                refused = with_writer(with_writer(state, leader, pc="done"), follower, pc="done")
                yield ("W3 mark of two refused", leader), refused


def with_writer(state: State, index: int, **changes: object) -> State:
    """Return the state with one writer changed."""
    writer: Writer = state.writers[index]._replace(**changes)  # type: ignore[arg-type]
    return state._replace(writers=put(state.writers, index, writer))


def acknowledge(state: State, scope: Scope, index: int, version: int) -> State:
    """Raise the floor: no read that begins later may return an older version."""
    task = scope.writers[index].task
    return state._replace(floors=put(state.floors, task, max(state.floors[task], version)))


def arrive(state: State, scope: Scope, index: int) -> Transitions:
    """Deliver a message whose sender has timed out or has sent it twice."""
    writer, task = state.writers[index], scope.writers[index].task
    for name in writer.in_flight:
        after = with_writer(state, index, in_flight=tuple(other for other in writer.in_flight if other != name))
        if name == "removal":
            keys = scripts.epoch_keys(after, writer.epoch)
            members = scripts.scores_to_keep(keys.members[task], writer.after)
            keys = keys._replace(members=put(keys.members, task, members))
            yield ("late removal", index), scripts.with_keys(after, writer.epoch, keys)
        elif name == "abort":
            yield ("late abort", index), scripts.abort(after, scope, index)
        else:
            yield (f"late {name}", index), DELAYED_SCRIPTS[name](after, scope, index) or after


def enter_gate(state: State, scope: Scope, index: int) -> Transitions:
    """W1: acquire the shared lock on the gate, then read the gate in a separate statement."""
    mode = mode_of(state, scope)
    if mode == CLOSING or not adopted(state, scope, state.processes[index % scope.processes]):
        return
    epoch = 0 if mode == OFF else state.gate.epoch
    building = int(mode == BUILDING)
    sets_mark = int(not ("building marks" in scope.omitted and mode == BUILDING))
    if "two statements" in scope.omitted:
        after = with_writer(state, index, pc="waiting", epoch=epoch, sets_mark=sets_mark, building=building)
        yield ("W1 snapshot", index, mode), after
    elif not state.gate_locked:
        after = with_writer(state, index, pc="entered", epoch=epoch, sets_mark=sets_mark, building=building)
        yield ("W1 gate", index, mode), after


def lock_after_snapshot(state: State, _scope: Scope, index: int) -> Transitions:
    """W1 as a single statement (broken variants only): the lock comes after the snapshot that read the gate."""
    if not state.gate_locked:
        yield ("W1 lock", index), with_writer(state, index, pc="entered")


def next_version(write: Write, before: RowVersion, now: int) -> RowVersion | None:
    """Return the row version that the write makes; None if it changes nothing."""
    if write.kind in ("create", "bulk"):
        return RowVersion(write.view, write.expires_at) if before.view == NO_ROW else None
    if write.kind == "restore":
        return RowVersion(write.view, write.expires_at) if before.view == DELETED else None
    if not is_visible(before, 0, now):
        return None
    return RowVersion(DELETED, NEVER) if write.kind == "delete" else RowVersion(write.view, write.expires_at)


def change_row(state: State, scope: Scope, index: int) -> Transitions:
    """W2: change the row, which locks it, and only then draw the seq."""
    writer, write = state.writers[index], scope.writers[index]
    if not row_is_free(state, scope, write.task):
        return
    versions = state.rows[write.task]
    after = next_version(write, versions[-1], state.now)
    if after is None:
        done = with_writer(state, index, pc="done")
        yield ("W2 nothing to do", index), acknowledge(done, scope, index, len(versions))
        return
    seqs = (
        other.seq
        for other, other_write in zip(state.writers, scope.writers, strict=True)
        if other_write.task == write.task
    )
    if not writer.epoch:
        pc = "marked"
    elif "add with mark" in scope.omitted:
        pc = "adding"
    else:
        pc = "row changed"
    changed = with_writer(state, index, pc=pc, before=versions[-1], after=after, seq=1 + max(seqs))
    yield ("W2 row", index, write), changed


def add(state: State, scope: Scope, index: int) -> Transitions:
    """W3 as two scripts (broken variants only): the index is changed before the mark is set."""
    writer, task = state.writers[index], scope.writers[index].task
    keys = scripts.add_to_indexes(scripts.epoch_keys(state, writer.epoch), scope, task, writer.after)
    added = scripts.with_keys(state, writer.epoch, keys)
    yield ("W3 add", index, writer.after), with_writer(added, index, pc="row changed")


def mark(state: State, scope: Scope, index: int) -> Transitions:
    """W3, or W7 for a bulk create: send the script once. Roll back if the script is refused or fails."""
    writer = state.writers[index]
    name, script = "W3 mark", scripts.mark
    if scope.is_bulk(index):
        name, script = "W7 bulk add", scripts.bulk_add
    marked = script(state, scope, index)
    if marked is None:
        yield (f"{name} refused", index), with_writer(state, index, pc="done")
    else:
        yield (name, index, writer.after), with_writer(marked, index, pc="marked")
    if may_fail(state, "mark fails"):
        pc = "aborting" if "no abort without a mark" in scope.omitted else "done"
        failed = with_writer(spend(state, "mark fails"), index, pc=pc)
        yield (f"{name} fails", index), failed
        in_flight = (name.split(maxsplit=1)[1],)
        yield (f"{name} delayed", index), with_writer(failed, index, in_flight=in_flight)
        if "mark sent once" in scope.omitted and marked is not None:
            duplicated = with_writer(spend(marked, "mark fails"), index, pc="marked", in_flight=in_flight)
            yield (f"{name} duplicated", index), duplicated


def commit(state: State, scope: Scope, index: int) -> Transitions:
    """W4: commit, or a rollback that PostgreSQL reports. A bulk create is acknowledged before its settle."""
    writer, task = state.writers[index], scope.writers[index].task
    rows = put(state.rows, task, (*state.rows[task], writer.after))
    version = len(rows[task])
    done = not writer.epoch or (scope.is_bulk(index) and "record" in scope.omitted)
    pc = "done" if done else "committed"
    state = with_commit(state, scope)
    committed = with_writer(state._replace(rows=rows), index, pc=pc, version=version, lsn=state.signs.lsn)
    if done or scope.is_bulk(index):
        committed = acknowledge(committed, scope, index, version)
    yield ("W4 commit", index, version), committed
    if may_fail(state, "rollback"):
        pc = "done" if done else "aborting"
        pc = "done" if scope.is_bulk(index) else pc
        yield ("W4 rollback", index), with_writer(spend(state, "rollback"), index, pc=pc)


def publish(state: State, scope: Scope, index: int) -> Transitions:
    """W5: publish, then acknowledge, also if the publish is lost. For a bulk create, W8 after the acknowledgement."""
    writer, done = state.writers[index], with_writer(state, index, pc="done")
    acknowledged = acknowledge(done, scope, index, writer.version)
    if scope.is_bulk(index):
        yield ("W8 settle", index), settle_own(done, scope, index)
        if may_fail(state, "publish fails"):
            lost = spend(done, "publish fails")
            yield ("W8 settle lost", index), lost
            yield ("W8 settle delayed", index), with_writer(lost, index, in_flight=("settle",))
        return
    if not writer.sets_mark:
        yield ("W5 nothing to publish", index), acknowledged
        return
    published = with_published_commit(scripts.publish(acknowledged, scope, index), scope, writer.lsn)
    if "one publish script" in scope.omitted:
        published = with_writer(published, index, in_flight=("removal",))
    yield ("W5 publish", index, writer.version), published
    if may_fail(state, "publish fails"):
        lost = spend(acknowledged, "publish fails")
        yield ("W5 publish lost", index), lost
        yield ("W5 publish delayed", index), with_writer(lost, index, in_flight=("publish",))
        duplicated = with_writer(spend(published, "publish fails"), index, in_flight=("publish",))
        yield ("W5 publish duplicated", index), duplicated


def abort(state: State, scope: Scope, index: int) -> Transitions:
    """W6: abort after a rollback that PostgreSQL has reported."""
    done = with_writer(state, index, pc="done")
    yield ("W6 abort", index), scripts.abort(done, scope, index)
    if may_fail(state, "abort fails"):
        lost = spend(done, "abort fails")
        yield ("W6 abort lost", index), lost
        yield ("W6 abort delayed", index), with_writer(lost, index, in_flight=("abort",))


ACTIONS = {
    "new": enter_gate,
    "waiting": lock_after_snapshot,
    "entered": change_row,
    "adding": add,
    "row changed": mark,
    "marked": commit,
    "committed": publish,
    "aborting": abort,
}
