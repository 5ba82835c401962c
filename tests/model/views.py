"""Declared views: a model of their own, whose gate stays `on` and whose base index is correct."""

from tests.model import views_builder, views_expiry, views_repair, views_scripts, views_writer
from tests.model.explore import Result, search
from tests.model.views_orders import is_out_of_order
from tests.model.views_repair import is_readable
from tests.model.views_state import NO_ROW, State, Transitions, ViewsScope, Writer, bits, initial_state, is_visible


def explore(scope: ViewsScope, limit: int = 10**9, exact: bool = False) -> Result:
    """Visit every reachable state of a scope, and stop at the first violation."""
    return search(
        initial_state(scope),
        lambda state: successors(state, scope),
        lambda state: find_violation(state, scope),
        limit,
        exact,
    )


def successors(state: State, scope: ViewsScope) -> Transitions:
    """Yield every transition out of a state, with its canonical successor."""
    for source in (views_writer, views_builder, views_repair):
        for label, after in source.transitions(state, scope):
            yield label, canonical(after)


def canonical(state: State) -> State:
    """Return the state without the fields of ended writers that no later transition reads."""
    named = {entry - 1 for entry in state.keys.entries if entry > 0} | set(bits(state.keys.records))
    writers = tuple(
        writer
        if writer.pc != "done" or writer.in_flight or index in named
        else Writer("done", seq=0, before=NO_ROW, after=NO_ROW)
        for index, writer in enumerate(state.writers)
    )
    return state if writers == state.writers else state._replace(writers=writers)


def find_violation(state: State, scope: ViewsScope) -> str:
    """Return a description of the invariant that the state violates; empty if none."""
    return state.violation or views_violation(state, scope) or rest_violation(state, scope)


def views_violation(state: State, scope: ViewsScope) -> str:
    """I2: a view that is read has every committed task of the view, unless a record has it.

    I6: a task that it has beyond these is held by a write. I7: its declared order is that of the rows, unless in doubt.
    I8: so is its order by expiry.
    """
    keys = state.keys
    recorded = 0
    for index in bits(keys.records):
        recorded |= 1 << scope.writers[index].task
    for view in range(len(scope.shape_of)):
        if not is_readable(keys, scope, view):
            continue
        for task, versions in enumerate(state.rows):
            row, member = versions[-1], keys.members[task][view] > state.now
            belongs = is_visible(row, state.now) and row.views >> view & 1
            if belongs and not member and not recorded >> task & 1:
                return f"I2: task {task} is committed in view {view} and missing from it"
            if member and not belongs and not keys.holding[task] >> view & 1:
                return f"I6: task {task} is in view {view}, without its row and without a write that holds it"
            if belongs and not recorded >> task & 1 and is_out_of_order(keys, scope, task, view, row):
                return f"I7: task {task} has the score {keys.scores[task][view]} in view {view}, not {row.score}"
            if belongs and not recorded >> task & 1 and views_expiry.is_out_of_order(keys, task, view, row):
                return f"I8: task {task} has the expiry {keys.members[task][view]} in view {view}, not {row.expires_at}"
    return ""


def is_at_rest(state: State) -> bool:
    """Return whether no operation is in progress and no message is in flight."""
    return (
        all(writer.pc in ("new", "done") and not writer.in_flight for writer in state.writers)
        and all(builder.pc in ("new", "done") for builder in state.builders)
        and all(reader.pc == "idle" for reader in state.readers)
        and state.scrubber.pc == "idle"
        and state.unlisting[0] < 0
    )


def rest_violation(state: State, scope: ViewsScope) -> str:
    """I3: at rest, settling, a scrub of all marks and the removal of swept ids make the views exact."""
    if not is_at_rest(state):
        return ""
    state = views_writer.settle_ended(state, scope)
    for task in range(len(scope.rows)):
        if state.keys.marks >> task & 1:
            state = views_repair.repaired(state, scope, task, state.rows[task][-1])
    state = views_repair.swept_base(state, scope)
    for task, number in enumerate(state.keys.swept):
        row = state.rows[task][-1]
        if number:
            state = views_repair.unlisted(state, scope, task, row.views if row.exists else 0, number)
    keys = state.keys
    if views_scripts.present_shapes(keys) and not keys.fence:
        return ""
    if keys.moving:
        return "I3: at rest a task stays in `moving`"
    if any(keys.holding):
        return "I3: at rest a task stays in `holding`"
    if keys.reordering:
        return "I3: at rest a task stays in `reordering`"
    if any(keys.swept):
        return "I3: at rest a task stays in `swept`"
    for view in range(len(scope.shape_of)):
        if is_readable(keys, scope, view):
            for task, versions in enumerate(state.rows):
                row = versions[-1]
                expected = row.expires_at if is_visible(row, state.now) and row.views >> view & 1 else 0
                if keys.members[task][view] != expected:
                    return f"I3: at rest view {view} has {keys.members[task][view]} for task {task}, not {expected}"
            if bool(keys.registered >> view & 1) != any(scores[view] for scores in keys.members):
                return f"I3: at rest the registry is wrong about view {view}"
    return ""
