"""Transitions of the environment: faults, as often as the scope allows them, and the passing of time."""

from tests.model.scope import Scope, empty_keys
from tests.model.state import EMPTY, State, Transitions, may_fail, put, spend


def transitions(state: State, scope: Scope) -> Transitions:
    """Yield every fault that may occur now, and every effect of time."""
    if not any(state.faults_left) and not state.replica and not scope.end_time:
        return
    empty = (empty_keys(scope),) * scope.epochs
    if may_fail(state, "flush") and state.redis != empty:
        yield ("Redis loses all keys",), spend(state, "flush")._replace(redis=empty)
    if may_fail(state, "evict"):
        yield from lose_entry(state, "evict", ("V", "L"))
    if may_fail(state, "mark vanishes"):
        yield from lose_entry(state, "mark vanishes", ("M",))
    if may_fail(state, "beacons resent"):
        keys = state.redis[state.gate.epoch - 1]
        keys = keys._replace(rev=keys.rev or 1, beacons=(1, 1))
        redis = put(state.redis, state.gate.epoch - 1, keys)
        yield ("beacons arrive again",), spend(state, "beacons resent")._replace(redis=redis)
    if may_fail(state, "index vanishes"):
        yield from lose_index(state)
    if may_fail(state, "failover"):
        yield ("replica stops replicating",), spend(state, "failover")._replace(replica=state.redis)
    if state.replica:
        promoted = state._replace(redis=state.replica, replica=(), run_id=state.run_id + 1)
        yield ("replica is promoted",), promoted
    yield from time(state, scope)


def lose_entry(state: State, fault: str, kinds: tuple[str, ...]) -> Transitions:
    """Lose one entry of one of these kinds."""
    for epoch_index, keys in enumerate(state.redis):
        for task, entry in enumerate(keys.entries):
            if entry.kind in kinds:
                without = keys._replace(entries=put(keys.entries, task, EMPTY))
                after = spend(state, fault)._replace(redis=put(state.redis, epoch_index, without))
                yield (fault, entry, task), after


def lose_index(state: State) -> Transitions:
    """Lose one index key of the gate's epoch, with its beacon."""
    epoch_index = state.gate.epoch - 1
    keys = state.redis[epoch_index]
    for view_index in (0, 1):
        if keys.beacons[view_index]:
            members = tuple((0, todo_done[1]) if view_index == 0 else (todo_done[0], 0) for todo_done in keys.members)
            without = keys._replace(beacons=put(keys.beacons, view_index, 0), members=members)  # type: ignore[arg-type]
            yield (
                ("index vanishes", view_index + 1),
                spend(state, "index vanishes")._replace(redis=put(state.redis, epoch_index, without)),
            )


def time(state: State, scope: Scope) -> Transitions:
    """Advance the clock, or sweep expired members from the indexes of an epoch."""
    if state.now < scope.end_time:
        yield ("clock advances", state.now + 1), state._replace(now=state.now + 1)
    if scope.end_time:
        for epoch_index, keys in enumerate(state.redis):
            members = tuple(
                (todo if todo > state.now else 0, done if done > state.now else 0) for todo, done in keys.members
            )
            if members != keys.members:
                swept = keys._replace(members=members)
                yield ("E1 sweep",), state._replace(redis=put(state.redis, epoch_index, swept))
