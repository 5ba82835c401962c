"""Transitions of a build of shapes: begin, batches in snapshots of their own, finish."""

from tests.model import views_scripts as scripts
from tests.model.state import NEVER, put
from tests.model.views_orders import note, set_score
from tests.model.views_state import (
    BUILDING,
    HELD,
    NO_ROW,
    READY,
    Builder,
    Keys,
    State,
    Transitions,
    ViewsScope,
    bits,
    may_fail,
    spend,
)
from tests.model.views_writer import IN_TRANSACTION


def transitions(state: State, scope: ViewsScope) -> Transitions:
    """Yield every next step of every builder."""
    for index, builder in enumerate(state.builders):
        if builder.pc == "done":
            continue
        yield from ACTIONS[builder.pc](state, scope, index)
        if builder.pc != "new" and may_fail(state, "crash"):
            yield ("builder dies", index), with_builder(spend(state, "crash"), index, Builder("done"))
    if may_fail(state, "out of memory"):
        for shape in bits(scripts.present_shapes(state.keys)):
            keys = scripts.drop_shapes(state.keys, scope, 1 << shape)
            yield ("V0 shape is given up", shape), spend(state, "out of memory")._replace(keys=keys)


def with_builder(state: State, index: int, builder: Builder) -> State:
    """Return the state with one builder replaced."""
    return state._replace(builders=put(state.builders, index, builder))


def begin(state: State, scope: ViewsScope, index: int) -> Transitions:
    """V1: while no writer is in flight, give each shape that is not ready a new generation without sets."""
    in_flight = any(writer.pc in IN_TRANSACTION for writer in state.writers)
    if in_flight and "begin under the gate lock" not in scope.omitted:
        return
    others = any(other.pc not in ("new", "done") for other in state.builders)
    if others and not may_fail(state, "builder pauses"):
        return
    if others:
        state = spend(state, "builder pauses")
    keys = state.keys
    if not keys.fence and "begin drops behind the fence" not in scope.omitted:
        keys = scripts.drop_shapes(keys, scope, scripts.present_shapes(keys))
    due = [shape for shape, (status, _) in enumerate(keys.shapes) if status != READY]
    if not due:
        return
    keys = scripts.drop_shapes(keys, scope, sum(1 << shape for shape in due) & scripts.present_shapes(keys))
    for shape in due:
        number = keys.shapes[shape][1] + ("new generations" not in scope.omitted or not keys.shapes[shape][1])
        keys = keys._replace(shapes=put(keys.shapes, shape, (BUILDING, number)))
    generations = tuple(number if shape in due else 0 for shape, (_, number) in enumerate(keys.shapes))
    begun = state._replace(keys=keys._replace(fence=1))
    yield ("V1 begin", index, generations), with_builder(begun, index, Builder("snapshot", generations))


def snapshot(state: State, _scope: ViewsScope, index: int) -> Transitions:
    """V2: read a batch of one task, in a snapshot of its own."""
    builder = state.builders[index]
    row = state.rows[builder.task][-1]
    yield ("V2 snapshot", index, builder.task), with_builder(state, index, builder._replace(pc="enlist", row=row))


def is_current(keys: Keys, scope: ViewsScope, builder: Builder, rule: str) -> bool:
    """Return whether the generations of this build are still being built."""
    if rule in scope.omitted:
        return True
    return bool(keys.fence) and all(
        not number or keys.shapes[shape] == (BUILDING, number) for shape, number in enumerate(builder.generations)
    )


def enlist(state: State, scope: ViewsScope, index: int) -> Transitions:
    """V2: add the task to its views, unless a write has touched it and was settled, or it has expired."""
    builder, keys = state.builders[index], state.keys
    if not is_current(keys, scope, builder, "batch checks the generation"):
        yield ("V2 gone", index), with_builder(state, index, Builder("done"))
        return
    task, row = builder.task, builder.row
    building = sum(1 << shape for shape, number in enumerate(builder.generations) if number)
    touched = any(keys.touched[shape] >> task & 1 for shape in bits(building))
    held = keys.holding[task]
    joins = touched and bool(held) and "batch joins a write" not in scope.omitted
    adds = row.expires_at > state.now or "batch skips expired" in scope.omitted
    if touched and "batch skips touched" not in scope.omitted:
        adds = joins
    if joins:
        keys = keys._replace(holding=put(keys.holding, task, held | row.views | HELD))
        if "batch notes held tasks" not in scope.omitted:
            keys = note(keys, scope, task)
    if row.exists and adds:
        for view in bits(row.views & scripts.views_of(scope, building)):
            known = keys.scores[task][view]
            expiry = (keys.members[task][view] or NEVER) if joins else row.expires_at
            keys = scripts.enter(keys, scope, task, view, expiry)
            if keys.members[task][view]:
                keys = set_score(keys, scope, task, view, known if touched and known else row.score)
    last = task + 1 == len(state.rows)
    following = Builder("finish" if last else "snapshot", builder.generations, 0 if last else task + 1, NO_ROW)
    yield ("V2 enlist", index, task), with_builder(state._replace(keys=keys), index, following)


def finish(state: State, scope: ViewsScope, index: int) -> Transitions:
    """V3: put the shapes into use, if all of them are still being built."""
    builder, keys = state.builders[index], state.keys
    done = with_builder(state, index, Builder("done"))
    if not is_current(keys, scope, builder, "finish checks the generation"):
        yield ("V3 gone", index), done
        return
    for shape, number in enumerate(builder.generations):
        if number:
            keys = keys._replace(shapes=put(keys.shapes, shape, (READY, number)), touched=put(keys.touched, shape, 0))
    fence = 1 if "finish checks the generation" in scope.omitted else keys.fence
    yield ("V3 finish", index), done._replace(keys=keys._replace(fence=fence))


ACTIONS = {"new": begin, "snapshot": snapshot, "enlist": enlist, "finish": finish}
