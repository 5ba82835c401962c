"""Transitions of a drop: the index of an idle workspace is closed as after a failure, and then removed from Redis.

Whether a workspace is idle is not modelled: a drop may begin at any moment.
"""

from tests.model import scripts
from tests.model.scope import Scope
from tests.model.state import CLOSING, EMPTY, OFF, ON, Dropper, Keys, State, Transitions, may_fail, put, spend


def transitions(state: State, scope: Scope) -> Transitions:
    """Yield every next step of every drop. G3 is a step of the gate."""
    for index, dropper in enumerate(state.droppers):
        if dropper.pc == "new":
            yield from begin(state, scope, index)
        elif dropper.pc == "closing":
            yield from look(state, scope, index)
        elif dropper.pc != "done":
            yield from clear(state, scope, index)
        if dropper.pc not in ("new", "done") and may_fail(state, "crash"):
            yield ("dropping process dies", index), with_dropper(spend(state, "crash"), index, Dropper("done"))


def with_dropper(state: State, index: int, dropper: Dropper) -> State:
    """Return the state with one drop changed."""
    return state._replace(droppers=put(state.droppers, index, dropper))


def begin(state: State, scope: Scope, index: int) -> Transitions:
    """D1: `on` to `closing`."""
    if state.gate.mode == ON:
        mode = OFF if "closing of a drop" in scope.omitted else CLOSING
        begun = with_dropper(state, index, Dropper("closing", state.gate.epoch))
        yield ("D1 drop", index), begun._replace(gate=state.gate._replace(mode=mode))


def look(state: State, scope: Scope, index: int) -> Transitions:
    """Read the gate. The process may pause before it clears the keys."""
    dropper = state.droppers[index]
    is_off = state.gate.mode == OFF or "off before a clear" in scope.omitted
    if state.gate.epoch != dropper.epoch:
        yield ("drop is overtaken by a rebuild", index), with_dropper(state, index, Dropper("done"))
    elif is_off:
        yield ("gate of the drop is off", index), with_dropper(state, index, dropper._replace(pc="clearing"))


def clear(state: State, scope: Scope, index: int) -> Transitions:
    """D2: remove `rev`, the indexes and the marks of the epoch, then the entries that were marked."""
    dropper = state.droppers[index]
    entries_first = "index before entries" in scope.omitted
    keys = scripts.epoch_keys(state, dropper.epoch)
    if (dropper.pc == "clearing") != entries_first:
        cleared = Keys(0, (0, 0), keys.entries, ((0, 0),) * len(keys.members))
        after = dropper._replace(pc="clearing entries", marks=keys.marks)
    else:
        marks = keys.marks if entries_first else dropper.marks
        entries = (EMPTY if marks >> task & 1 else entry for task, entry in enumerate(keys.entries))
        cleared, after = keys._replace(entries=tuple(entries)), dropper._replace(pc="clearing index")
    if dropper.pc != "clearing":
        after = Dropper("done")
    yield ("D2 clear", index, dropper.pc), with_dropper(scripts.with_keys(state, dropper.epoch, cleared), index, after)
