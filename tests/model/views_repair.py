"""Transitions of readers, of the scrub, of the sweeps, of the removal of swept ids, and of lost keys."""

from tests.model import views_scripts as scripts
from tests.model.state import NEVER, put
from tests.model.views_orders import set_score
from tests.model.views_state import (
    ABSENT,
    ALL_SHAPES,
    LEASE,
    READY,
    Keys,
    Reader,
    Row,
    Scrubber,
    State,
    Transitions,
    ViewsScope,
    bits,
    is_visible,
    may_fail,
    spend,
)
from tests.model.views_writer import is_locked, settle_ended


def transitions(state: State, scope: ViewsScope) -> Transitions:
    """Yield every next step of these participants."""
    for index, reader in enumerate(state.readers):
        yield from read(state, scope, index, reader)
    yield from scrub(state, scope)
    if scope.end_time:
        yield from expire(state, scope)
    if scope.unlists:
        yield from unlist(state, scope)
    settled = settle_ended(state, scope)
    if settled != state:
        yield ("S6 settle",), settled
    if may_fail(state, "view vanishes"):
        for view in bits(state.keys.existing):
            yield ("view vanishes", view), lose_view(spend(state, "view vanishes"), view)


def lose_view(state: State, view: int) -> State:
    """Return the state without both sets of a view. It stays registered."""
    keys = state.keys
    members, scores = (tuple(put(of_task, view, 0) for of_task in sets) for sets in (keys.members, keys.scores))
    return state._replace(keys=keys._replace(members=members, scores=scores, existing=keys.existing & ~(1 << view)))


def is_readable(keys: Keys, scope: ViewsScope, view: int) -> bool:
    """Return whether a page script answers from the sets of the view."""
    ready = keys.shapes[scope.shape_of[view]][0] == READY or (
        "readers wait for the build" in scope.omitted and keys.shapes[scope.shape_of[view]][0] != ABSENT
    )
    fence = bool(keys.fence) or "readers check the fence" in scope.omitted
    lost = scripts.is_lost(keys, view) and "registered views have sets" not in scope.omitted
    return ready and fence and not lost


def read(state: State, scope: ViewsScope, index: int, reader: Reader) -> Transitions:
    """R1, P1, R4: a page or a count of any view by one script, then the rows."""
    if reader.pc == "page":
        yield ("R4 rows", index), answer(state, index, reader)
    elif reader.pc == "begun":
        if is_readable(state.keys, scope, reader.view) and not state.keys.records:
            yield ("P1 page", index, reader.view), page(state, scope, index, reader)
        else:
            done = Reader(reader.reads_left - 1)
            yield ("R6 sql", index), state._replace(readers=put(state.readers, index, done))
    elif reader.reads_left:
        for view in range(len(scope.shape_of)):
            begun = reader._replace(pc="begun", view=view, floors=state.floors)
            yield ("R1 begin", index, view), state._replace(readers=put(state.readers, index, begun))


def page(state: State, scope: ViewsScope, index: int, reader: Reader) -> State:
    """Return the state after a page script, which sweeps the two sets of the view."""
    keys, found = state.keys, 0
    for task, scores in enumerate(keys.members):
        if scores[reader.view] > state.now:
            found |= 1 << task
        elif scores[reader.view]:
            keys = keys._replace(members=put(keys.members, task, put(scores, reader.view, 0)))
            keys = set_score(keys, scope, task, reader.view, 0)
    after = reader._replace(pc="page", found=found)
    return state._replace(keys=keys, readers=put(state.readers, index, after))


def answer(state: State, index: int, reader: Reader) -> State:
    """Return the state after the rows were read. I1: the page had every task that is in the view all the time."""
    done = state._replace(readers=put(state.readers, index, Reader(reader.reads_left - 1)))
    for task, versions in enumerate(state.rows):
        seen = versions[reader.floors[task] - 1 :]
        if reader.found >> task & 1:
            if not (seen[-1].exists and seen[-1].views >> reader.view & 1):
                done = done._replace(found=put(done.found, task, done.found[task] | 1 << reader.view))
        elif all(is_visible(row, state.now) and row.views >> reader.view & 1 for row in seen):
            done = done._replace(violation=f"I1: a page of view {reader.view} omits task {task}")
    return done


def scrub(state: State, scope: ViewsScope) -> Transitions:
    """S2 to S5, and T1 before: take a lease, read the row, repair if the lease still stands."""
    scrubber, keys = state.scrubber, state.keys
    task = scrubber.task
    if scrubber.pc == "row" and not bulk_in_flight(state, scope):
        yield ("S4 row", task), state._replace(scrubber=scrubber._replace(pc="repair", row=state.rows[task][-1]))
    elif scrubber.pc == "repair":
        leased = keys.entries[task] == LEASE
        after = repaired(state, scope, task, scrubber.row) if leased else state
        yield ("S5 repair", task), after._replace(scrubber=Scrubber(scrubber.scrubs_left - 1))
    elif scrubber.pc == "idle" and scrubber.scrubs_left:
        for task, entry in enumerate(keys.entries):
            due = keys.marks >> task & 1 or state.found[task]
            if due and not (entry > 0 and is_locked(state, scope, task)):
                leased_keys = keys._replace(entries=put(keys.entries, task, LEASE))
                begun = scrubber._replace(pc="row", task=task)
                yield ("S2 lease", task), state._replace(scrubber=begun, keys=leased_keys)


def bulk_in_flight(state: State, scope: ViewsScope) -> bool:
    """Return whether a bulk create holds the lock BULK (S3)."""
    return any(
        writer.pc in ("row changed", "marked") and write.kind == "bulk"
        for writer, write in zip(state.writers, scope.writers, strict=True)
    )


def repaired(state: State, scope: ViewsScope, task: int, row: Row) -> State:
    """Return the state after a repair of a task with its row. The scrub maintains all shapes."""
    keys, maintained = scripts.raise_rev(state.keys, scope, ALL_SHAPES)
    found = state.found[task] if "scrub of found views" not in scope.omitted else 0
    if "scrub of held views" in scope.omitted:
        keys = keys._replace(holding=put(keys.holding, task, 0))
    keys = scripts.with_base(scripts.settle_mark(keys, task), task, row)
    keys = scripts.release(keys, scope, maintained, task, row, found)
    return state._replace(keys=keys, found=put(state.found, task, 0))


def expire(state: State, scope: ViewsScope) -> Transitions:
    """Advance the clock, or sweep the base index. E1: declared views may still hold the ids."""
    if state.now < scope.end_time:
        yield ("clock advances", state.now + 1), state._replace(now=state.now + 1)
    swept = swept_base(state, scope)
    if swept != state:
        yield ("E1 sweep",), swept


def swept_base(state: State, scope: ViewsScope) -> State:
    """Return the state after a sweep of the base index."""
    keys = state.keys
    expired = sum(1 << task for task, score in enumerate(keys.base) if 0 < score <= state.now)
    if not expired:
        return state
    base = tuple(0 if score <= state.now else score for score in keys.base)
    keys = keys._replace(base=base)
    if scripts.present_shapes(keys) and "sweep keeps ids" not in scope.omitted:
        number = keys.sweeps + 1
        swept = tuple(number if expired >> task & 1 else earlier for task, earlier in enumerate(keys.swept))
        keys = keys._replace(swept=swept, sweeps=number)
    return state._replace(keys=keys)


def unlist(state: State, scope: ViewsScope) -> Transitions:
    """E2: read the row of a swept id, then remove the id from its views where it has expired."""
    if state.unlisting[0] >= 0:
        yield ("E2 unlist", state.unlisting[0]), unlisted(state, scope, *state.unlisting)
        return
    for task, number in enumerate(state.keys.swept):
        if number:
            row = state.rows[task][-1]
            yield ("E2 rows", task), state._replace(unlisting=(task, row.views if row.exists else 0, number))


def unlisted(state: State, scope: ViewsScope, task: int, views: int, number: int) -> State:
    """Return the state after the removal of one swept id from these views. An id that was swept again stays."""
    keys, done = state.keys, state._replace(unlisting=(-1, 0, 0))
    if scripts.present_shapes(keys) and not keys.fence:
        return done
    if keys.holding[task] and "held ids stay swept" not in scope.omitted:
        return done
    for view in bits(views):
        expiry = keys.members[task][view]
        if expiry <= state.now or (expiry == NEVER and "tasks without expiry stay" in scope.omitted):
            keys = scripts.leave(keys, scope, task, view)
    if keys.swept[task] == number or "ids swept again stay" in scope.omitted:
        keys = keys._replace(swept=put(keys.swept, task, 0))
    return done._replace(keys=keys)
