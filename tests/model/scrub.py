"""The scrub, which sweeps dead marks too: the index against the rows, one id at a time."""

from tests.model import scripts
from tests.model.locks import bulk_free, id_free
from tests.model.state import EMPTY, ON, Scope, Scrubber, State, Steps, put

TOKEN = 100  # apart from all readers'


def steps(s: State, scope: Scope) -> Steps:
    """Everything that any scrubber may do next."""
    for i, c in enumerate(s.scrubbers):
        if c.pc != "idle":
            yield from STEPS[c.pc](s, scope, i)
        elif c.left and s.gate.mode == ON:
            yield from look(s, scope, i)


def turn(s: State, i: int, **changes: object) -> State:
    """The world with one scrubber changed."""
    c: Scrubber = s.scrubbers[i]._replace(**changes)  # type: ignore[arg-type]
    return s._replace(scrubbers=put(s.scrubbers, i, c))


def ended(s: State, i: int) -> State:
    """On to the next id."""
    return s._replace(scrubbers=put(s.scrubbers, i, Scrubber(s.scrubbers[i].left - 1)))


def look(s: State, scope: Scope, i: int) -> Steps:
    """S1: under a value, mend in the same script; over nothing or a dead mark go on; else skip."""
    epoch = s.gate.epoch
    for task in range(len(scope.rows)):
        begun = turn(s, i, epoch=epoch, task=task)
        if "scrub lease" in scope.broken:
            yield ("S1 look", i, task), turn(begun, i, pc="row")
            continue
        entry = scripts.keys(s, epoch).entries[task]
        if entry.kind == "V":
            image = s.rows[task][entry.of - 1]
            mended = scripts.mend(begun, scope, epoch, task, image)
            yield ("S1 mend by value", i, task), ended(mended, i)
        elif entry.kind == "M":
            yield ("S1 dead mark", i, task), turn(begun, i, pc="lock", over=entry)
        elif entry == EMPTY:
            yield ("S1 nothing", i, task), turn(begun, i, pc="lease")


def lock(s: State, scope: Scope, i: int) -> Steps:
    """T1: before a mark is taken over, its writer has ended."""
    c = s.scrubbers[i]
    if id_free(s, scope, c.task, c.over.of):
        yield ("T1 id lock", i, c.task), turn(s, i, pc="lease")
    else:
        yield ("T1 id is locked", i, c.task), ended(s, i)


def lease(s: State, scope: Scope, i: int) -> Steps:
    """S2: the same lease as a reader's, with a token of its own."""
    c = s.scrubbers[i]
    leased = scripts.lease(s, scope, c.epoch, c.task, c.over, TOKEN + c.left)
    if leased is None:
        yield ("S2 refused", i, c.task), ended(s, i)
    else:
        pc = "bulk" if scope.bulk else "row"
        yield ("S2 lease", i, c.task), turn(leased, i, pc=pc, over=EMPTY)


def bulk(s: State, scope: Scope, i: int) -> Steps:
    """S3: BULK, exclusively, and back: no bulk create from before the lease is still in flight."""
    if bulk_free(s, scope):
        yield ("S3 bulk lock", i), turn(s, i, pc="row")


def row(s: State, scope: Scope, i: int) -> Steps:
    """S4: the row, from the primary."""
    c = s.scrubbers[i]
    version = len(s.rows[c.task])
    image = s.rows[c.task][-1]
    yield ("S4 row", i, c.task, version), turn(s, i, pc="mend", version=version, image=image)


def mend(s: State, scope: Scope, i: int) -> Steps:
    """S5: one script: if the lease is still there, fill and take the id out of wrong indexes."""
    c = s.scrubbers[i]
    token = TOKEN + c.left
    mine = scripts.keys(s, c.epoch).entries[c.task] == ("L", token)
    after = s
    if mine or "scrub lease" in scope.broken:
        after = scripts.mend(s, scope, c.epoch, c.task, c.image)
    if mine:
        k = scripts.still(before := scripts.keys(after, c.epoch), c.task)
        k = k._replace(moving=before.moving) if "moving at scrub" in scope.broken else k
        after = scripts.keep(after, c.epoch, k)
    after = scripts.fill(after, c.epoch, c.task, c.version, token)
    yield ("S5 mend", i, c.task, c.version), ended(after, i)


STEPS = {"lock": lock, "lease": lease, "bulk": bulk, "row": row, "mend": mend}
