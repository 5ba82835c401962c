"""A write: gate, row, mark, commit, publish or abort; and a bulk create, which only adds."""

from tests.model import scripts
from tests.model.locks import row_free
from tests.model.state import (
    BUILDING,
    CLOSING,
    DELETED,
    NEVER,
    NOWHERE,
    OFF,
    Image,
    Op,
    Scope,
    State,
    Steps,
    Writer,
    may,
    put,
    spend,
    visible,
)

LATE = {"mark": scripts.mark, "bulk add": scripts.bulk_add, "publish": scripts.publish}


def steps(s: State, scope: Scope) -> Steps:
    """Everything that any writer, or a message of one, may do next."""
    for i, w in enumerate(s.writers):
        if w.late:
            yield from arrives(s, scope, i)
        if w.pc == "done" or in_step(s, scope, i, scope.writers[i].follows):
            continue
        followers = [f for f, op in enumerate(scope.writers) if op.follows == i and in_step(s, scope, f, i)]
        yield from together(s, scope, i, followers[0]) if followers else STEPS[w.pc](s, scope, i)
        if w.pc in ("marked", "committed", "aborting") and may(s, "crash"):
            died = turn(spend(s, "crash"), i, pc="done")
            yield ("writer dies", i), turn(died, followers[0], pc="done") if followers else died


def in_step(s: State, scope: Scope, i: int, leader: int) -> bool:
    """Whether this writer does what its leader does; not if there was nothing to do for one of them."""
    return leader >= 0 and scope.writers[i].follows == leader and s.writers[i].pc == s.writers[leader].pc


def together(s: State, scope: Scope, i: int, f: int) -> Steps:
    """One transaction, and one script each time, for two tasks: what becomes of the one becomes of the other."""
    step = STEPS[s.writers[i].pc]
    for label, one in step(s, scope, i):
        if "a mark of each" in scope.broken and step is mark:
            yield label, turn(one, f, pc=one.writers[i].pc)
            continue
        for other, both in step(one._replace(faults=s.faults), scope, f):
            if label[0] == other[0] or step is row:
                yield (f"{label[0]} of two", *label[1:]), both._replace(faults=one.faults)
            elif "refused" in f"{label[0]} {other[0]}" and "fails" not in f"{label[0]} {other[0]}":
                yield ("W3 mark of two refused", i), turn(turn(s, i, pc="done"), f, pc="done")


def turn(s: State, i: int, **changes: object) -> State:
    """The world with one writer changed."""
    w: Writer = s.writers[i]._replace(**changes)  # type: ignore[arg-type]
    return s._replace(writers=put(s.writers, i, w))


def acknowledged(s: State, scope: Scope, i: int, version: int) -> State:
    """From now on nobody may be told anything older."""
    task = scope.writers[i].task
    return s._replace(floors=put(s.floors, task, max(s.floors[task], version)))


def arrives(s: State, scope: Scope, i: int) -> Steps:
    """A message that was given up, or sent twice, lands after all."""
    w, task = s.writers[i], scope.writers[i].task
    for name in w.late:
        after = turn(s, i, late=tuple(other for other in w.late if other != name))
        if name == "removal":
            k = scripts.keys(after, w.epoch)
            k = k._replace(members=put(k.members, task, scripts.settled(k.members[task], w.after)))
            yield ("late removal", i), scripts.keep(after, w.epoch, k)
        elif name == "abort":
            yield ("late abort", i), scripts.abort(after, scope, i)
        else:
            yield (f"late {name}", i), LATE[name](after, scope, i) or after


def gate(s: State, scope: Scope, i: int) -> Steps:
    """W1: the shared lock on the gate, then the gate, as a statement of its own."""
    mode = s.gate.mode
    if mode == CLOSING:
        return
    epoch = 0 if mode == OFF else s.gate.epoch
    marks = int(not ("building marks" in scope.broken and mode == BUILDING))
    if "two statements" in scope.broken:
        yield ("W1 snapshot", i, mode), turn(s, i, pc="waiting", epoch=epoch, marks=marks)
    elif not s.held:
        yield ("W1 gate", i, mode), turn(s, i, pc="gated", epoch=epoch, marks=marks)


def lock(s: State, _scope: Scope, i: int) -> Steps:
    """W1, broken: the lock comes after the snapshot that the gate was read in."""
    if not s.held:
        yield ("W1 lock", i), turn(s, i, pc="gated")


def outcome(op: Op, before: Image, now: int) -> Image | None:
    """What the row becomes, or None if there is nothing to do."""
    alive = visible(before, 0, now)
    if op.verb in ("create", "bulk"):
        return Image(op.view, op.until) if before.view == NOWHERE else None
    if op.verb == "restore":
        return Image(op.view, op.until) if before.view == DELETED else None
    if not alive:
        return None
    return Image(DELETED, NEVER) if op.verb == "delete" else Image(op.view, op.until)


def row(s: State, scope: Scope, i: int) -> Steps:
    """W2: change the row, which locks it, and only then draw the seq."""
    w, op = s.writers[i], scope.writers[i]
    if not row_free(s, scope, op.task):
        return
    history = s.rows[op.task]
    after = outcome(op, history[-1], s.now)
    if after is None:
        done = turn(s, i, pc="done")
        yield ("W2 nothing to do", i), acknowledged(done, scope, i, len(history))
        return
    rivals = (x.seq for x, o in zip(s.writers, scope.writers, strict=True) if o.task == op.task)
    changed = {"before": history[-1], "after": after, "seq": 1 + max(rivals)}
    if not w.epoch:
        yield ("W2 row", i, op), turn(s, i, pc="marked", **changed)
    elif "add with mark" in scope.broken:
        yield ("W2 row", i, op), turn(s, i, pc="adding", **changed)
    else:
        yield ("W2 row", i, op), turn(s, i, pc="rowed", **changed)


def add(s: State, scope: Scope, i: int) -> Steps:
    """W3, broken: the index in a script of its own, before the mark."""
    w, task = s.writers[i], scope.writers[i].task
    k = scripts.add(scripts.keys(s, w.epoch), scope, task, w.after)
    yield ("W3 add", i, w.after), turn(scripts.keep(s, w.epoch, k), i, pc="rowed")


def mark(s: State, scope: Scope, i: int) -> Steps:
    """W3 (or W7, a bulk create's add): sent once; refused or failed, roll back."""
    w = s.writers[i]
    name, script = "W3 mark", scripts.mark
    if bulk(scope, i):
        name, script = "W7 bulk add", scripts.bulk_add
    marked = script(s, scope, i)
    if marked is None:
        yield (f"{name} refused", i), turn(s, i, pc="done")
    else:
        yield (name, i, w.after), turn(marked, i, pc="marked")
    if may(s, "unmarked"):
        back = "aborting" if "no abort without a mark" in scope.broken else "done"
        failed = turn(spend(s, "unmarked"), i, pc=back)
        yield (f"{name} fails", i), failed
        late = (name[3:],)
        yield (f"{name} delayed", i), turn(failed, i, late=late)
        if "sent once" in scope.broken and marked is not None:
            again = turn(spend(marked, "unmarked"), i, pc="marked", late=late)
            yield (f"{name} doubled", i), again


def bulk(scope: Scope, i: int) -> bool:
    """Whether this writer is a bulk create."""
    return scope.writers[i].verb == "bulk"


def commit(s: State, scope: Scope, i: int) -> Steps:
    """W4: or a rollback, of which the database is sure."""
    w, task = s.writers[i], scope.writers[i].task
    rows = put(s.rows, task, (*s.rows[task], w.after))
    version = len(rows[task])
    done = not w.epoch or bulk(scope, i)
    committed = turn(s._replace(rows=rows), i, pc="done" if done else "committed", version=version)
    if done:
        committed = acknowledged(committed, scope, i, version)
    yield ("W4 commit", i, version), committed
    if may(s, "rollback"):
        back = "done" if done else "aborting"
        yield ("W4 rollback", i), turn(spend(s, "rollback"), i, pc=back)


def publish(s: State, scope: Scope, i: int) -> Steps:
    """W5: then acknowledge, also when the publish was lost."""
    w = s.writers[i]
    known = acknowledged(turn(s, i, pc="done"), scope, i, w.version)
    if not w.marks:
        yield ("W5 nothing to publish", i), known
        return
    published = scripts.publish(known, scope, i)
    if "one publish script" in scope.broken:
        published = turn(published, i, late=("removal",))
    yield ("W5 publish", i, w.version), published
    if may(s, "unpublished"):
        yield ("W5 publish lost", i), spend(known, "unpublished")
        late = turn(spend(known, "unpublished"), i, late=("publish",))
        yield ("W5 publish delayed", i), late
        again = turn(spend(published, "unpublished"), i, late=("publish",))
        yield ("W5 publish doubled", i), again


def abort(s: State, scope: Scope, i: int) -> Steps:
    """W6: after a definite rollback."""
    done = turn(s, i, pc="done")
    yield ("W6 abort", i), scripts.abort(done, scope, i)
    if may(s, "abortless"):
        yield ("W6 abort lost", i), spend(done, "abortless")
        yield ("W6 abort delayed", i), turn(spend(done, "abortless"), i, late=("abort",))


STEPS = {
    "new": gate,
    "waiting": lock,
    "gated": row,
    "adding": add,
    "rowed": mark,
    "marked": commit,
    "committed": publish,
    "aborting": abort,
}
