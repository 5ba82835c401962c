"""The invariants: some hold in every state, some only in quiescent states."""

from tests.model import scripts
from tests.model.answer import count_rows
from tests.model.scope import Scope
from tests.model.server import mode_of
from tests.model.state import COUNTS, ON, Keys, State, is_visible, scores


def find_violation(state: State, scope: Scope) -> str:
    """Return a description of the invariant that the state violates; empty if none."""
    if state.violation:
        return state.violation
    if mode_of(state, scope) != ON or scripts.index_is_lost(state, scope, state.gate.epoch):
        return ""
    keys = scripts.epoch_keys(state, state.gate.epoch)
    return index_violation(state, scope, keys) or (
        quiescent_violation(state, scope, keys) if is_quiescent(state) else ""
    )


def index_violation(state: State, scope: Scope, keys: Keys) -> str:
    """I2: while the gate is on and the beacons exist, the index or a record of a bulk create has every committed id."""
    for index in scripts.unsettled_writers(keys):
        if scripts.outcome(state, index):
            keys = scripts.add_to_indexes(keys, scope, scope.writers[index].task, scripts.created_row(scope, index))
    for task, versions in enumerate(state.rows):
        row = versions[-1]
        for view, beacon in zip((1, 2), keys.beacons, strict=True):
            if beacon and is_visible(row, view, state.now) and keys.members[task][view - 1] <= state.now:
                return f"I2: task {task} is committed in view {view} and missing from its index"
    return ""


def is_quiescent(state: State) -> bool:
    """Return whether no operation is in progress and no message is in flight."""
    return (
        all(writer.pc in ("new", "done") and not writer.in_flight for writer in state.writers)
        and all(reader.pc == "idle" for reader in state.readers)
        and all(builder.pc in ("new", "done") for builder in state.builders)
        and all(dropper.pc in ("new", "done") for dropper in state.droppers)
        and all(scrubber.pc == "idle" for scrubber in state.scrubbers)
    )


def quiescent_violation(state: State, scope: Scope, keys: Keys) -> str:
    """I4: every cached value equals its row. I3: a scrub of what Redis has recorded makes the index equal to the rows.

    The scrub knows the unsettled bulk creates and the marked ids. It needs no reader to find others.
    """
    for task, entry in enumerate(keys.entries):
        if entry.kind == "V" and entry.value != len(state.rows[task]):
            return f"I4: in a quiescent state task {task} is cached in version {entry.value}, which is stale"
    if keys.beacons != (1, 1):
        return ""
    expected = tuple(scores(versions[-1]) for versions in state.rows)
    scrubbed = scripts.settle_all(state, scope, state.gate.epoch)
    marks = scripts.epoch_keys(scrubbed, state.gate.epoch).marks
    for task, versions in enumerate(state.rows):
        if marks >> task & 1:
            scrubbed = scripts.repair(scrubbed, scope, state.gate.epoch, task, versions[-1])
    keys = scripts.epoch_keys(scrubbed, state.gate.epoch)
    if keys.moving & ~keys.marks:
        return "I3: in a quiescent state a task stays in `moving`, and no mark is left to settle it"
    for task, (found, wanted) in enumerate(zip(keys.members, expected, strict=True)):
        if [score for score in found if score > state.now] != [score for score in wanted if score > state.now]:
            return f"I3: after a scrub in a quiescent state the index has {found} for task {task}, not {wanted}"
    return cached_page_violation(scrubbed, scope, keys)


def cached_page_violation(state: State, scope: Scope, keys: Keys) -> str:
    """I4: a cached page that would be served agrees with the rows."""
    for index, process in enumerate(state.processes):
        page = process.page
        if not page or page.epoch != state.gate.epoch or page.rev != keys.rev:
            continue
        if page.next_expiry <= state.now and "pages cached until the next expiry" not in scope.omitted:
            continue
        if page.kind == COUNTS:
            if page.counted != count_rows(state):
                return f"I4: the cached page of process {index} would be served with wrong counts"
            continue
        for task, versions in enumerate(state.rows):
            visible = is_visible(versions[-1], page.kind, state.now)
            shown = len(versions) if visible else 0
            if page.counted >> task & 1 != visible:
                return f"I4: the cached page of process {index} would be served with a wrong total for task {task}"
            if page.examined >> task & 1 and page.shown[task] != shown:
                return f"I4: the cached page of process {index} would be served with a wrong task {task}"
    return ""
