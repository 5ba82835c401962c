"""Transitions of a rebuild: a new epoch, its beacons, ids from PostgreSQL while writers continue, then `on`."""

from tests.model import scripts
from tests.model.locks import gate_is_free
from tests.model.scope import Scope
from tests.model.server import any_adopted, with_nonce_in_redis
from tests.model.state import (
    BUILDING,
    CLOSING,
    NO_ROW,
    OFF,
    ON,
    Builder,
    Gate,
    RowVersion,
    State,
    Transitions,
    may_fail,
    put,
    spend,
)


def transitions(state: State, scope: Scope) -> Transitions:
    """Yield every next step of every builder."""
    for index, builder in enumerate(state.builders):
        if builder.pc in ACTIONS:
            yield from ACTIONS[builder.pc](state, scope, index)
            if builder.pc != "new" and may_fail(state, "crash"):
                yield ("builder dies", index), with_builder(spend(state, "crash"), index, pc="done")


def with_builder(state: State, index: int, **changes: object) -> State:
    """Return the state with one builder changed."""
    builder: Builder = state.builders[index]._replace(**changes)  # type: ignore[arg-type]
    return state._replace(builders=put(state.builders, index, builder))


def with_beacons(state: State, epoch: int) -> State:
    """Return the state with `rev` and both index beacons set in this epoch."""
    return scripts.with_keys(state, epoch, scripts.epoch_keys(state, epoch)._replace(rev=1, beacons=(1, 1)))


def begin(state: State, scope: Scope, index: int) -> Transitions:
    """B1: under the exclusive lock, draw an epoch that was never used, set its beacons, commit `building`."""
    modes = (OFF, BUILDING, CLOSING) if "never from closing" in scope.omitted else (OFF, BUILDING)
    if state.gate.mode not in modes or not gate_is_free(state, scope) or not any_adopted(state, scope):
        return
    reuses_epoch = "new epochs" in scope.omitted and state.gate.mode == BUILDING
    epoch = state.gate.epoch if reuses_epoch else state.gate.last_epoch + 1
    if epoch > scope.epochs:
        return
    drawn = state._replace(gate=state.gate._replace(last_epoch=epoch))
    run_ids = put(state.gate.run_ids, epoch - 1, state.run_id)
    begun = with_builder(drawn, index, pc="snapshot", epoch=epoch)
    servers = put(state.gate.servers, epoch - 1, state.server)
    begun = with_nonce_in_redis(begun._replace(gate=Gate(BUILDING, epoch, epoch, run_ids, servers)), scope)
    if "early beacons" not in scope.omitted:
        begun = with_beacons(begun, epoch)
    yield ("B1 building", index, epoch), begun
    if may_fail(state, "crash"):  # After the beacons and before the commit: the epoch is used up.
        failed = with_builder(spend(drawn, "crash"), index, pc="done")
        yield ("B1 builder dies, epoch is used up", index, epoch), with_beacons(failed, epoch)


def read_snapshot(state: State, _scope: Scope, index: int) -> Transitions:
    """B2: read a batch of one id. Each batch may have its own snapshot, from after the commit of B1."""
    builder = state.builders[index]
    after = with_builder(state, index, pc="adding", row=state.rows[builder.task][-1])
    yield ("B2 snapshot", index, builder.task), after


def add_batch(state: State, scope: Scope, index: int) -> Transitions:
    """B3: add the batch to the index, with the later of two expiries. Give up if the beacons are missing."""
    builder = state.builders[index]
    keys = scripts.epoch_keys(state, builder.epoch)
    lost = scripts.index_is_lost(state, scope, builder.epoch) or keys.beacons != (1, 1)
    if lost and "early beacons" not in scope.omitted:
        yield ("B3 gives up", index), with_builder(state, index, pc="done")
        return
    if "later expiry in a rebuild" in scope.omitted:
        members = scripts.scores_with_own_expiry(keys.members[builder.task], builder.row)
        keys = keys._replace(members=put(keys.members, builder.task, members))
    else:
        keys = scripts.add_to_indexes(keys, scope, builder.task, builder.row)
    added = scripts.with_keys(state, builder.epoch, keys)
    next_task, pc = builder.task + 1, "snapshot"
    if next_task == len(state.rows):
        next_task, pc = 0, "added"
        if "early beacons" in scope.omitted:
            added = with_beacons(added, builder.epoch)
    after = with_builder(added, index, pc=pc, task=next_task, row=RowVersion(NO_ROW))
    yield ("B3 add", index, builder.task), after


def switch_on(state: State, scope: Scope, index: int) -> Transitions:
    """B4: switch the gate `on` if it is still `building` this epoch."""
    builder = state.builders[index]
    same_epoch = state.gate.epoch == builder.epoch or "epoch in on" in scope.omitted
    done = with_builder(state, index, pc="done")
    if state.gate.mode == BUILDING and same_epoch:
        yield ("B4 on", index, builder.epoch), done._replace(gate=state.gate._replace(mode=ON))
    else:
        yield ("B4 too late", index, builder.epoch), done


ACTIONS = {"new": begin, "snapshot": read_snapshot, "adding": add_batch, "added": switch_on}
