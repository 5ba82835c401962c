"""Transitions of the gate and of the processes' leases on it."""

from tests.model.locks import gate_is_free
from tests.model.scope import Scope
from tests.model.server import adopted, mode_of
from tests.model.state import BUILDING, CLOSING, OFF, ON, State, Transitions, may_fail, put, spend


def transitions(state: State, scope: Scope) -> Transitions:
    """Yield every transition of a process's lease or of the gate's mode."""
    if not scope.gate_moves:
        return
    for index, process in enumerate(state.processes):
        allowed = state.gate.epoch if mode_of(state, scope) == ON else 0
        if process.lease != allowed and adopted(state, scope, process):
            renewed = process._replace(lease=allowed)
            yield (
                ("G1 process reads the gate", index, allowed),
                state._replace(processes=put(state.processes, index, renewed)),
            )
        if process.lease and (allowed or process.server != state.server):
            expired = process._replace(lease=0)
            yield ("G1 lease expires", index), state._replace(processes=put(state.processes, index, expired))
    if "closing" in scope.omitted:
        yield from close_without_closing(state, scope)
    else:
        yield from close(state, scope)


def close(state: State, scope: Scope) -> Transitions:
    """G2, G3: `closing` first; then `off` by any process that has seen `closing` for longer than a lease lasts."""
    if may_fail(state, "close"):
        if state.gate.mode == ON:
            closing = spend(state, "close")._replace(gate=state.gate._replace(mode=CLOSING))
            yield ("G2 on to closing",), closing
        if state.gate.mode == BUILDING:
            off = spend(state, "close")._replace(gate=state.gate._replace(mode=OFF))
            yield ("G2 building to off",), off
    leases_expired = not any(process.lease for process in state.processes)
    if mode_of(state, scope) == CLOSING and (leases_expired or "lease wait" in scope.omitted):
        yield ("G3 closing to off",), state._replace(gate=state.gate._replace(mode=OFF))


def close_without_closing(state: State, scope: Scope) -> Transitions:
    """F1: without `closing`, one closer switches the gate off and waits under the gate's lock, unless it dies."""
    if may_fail(state, "close") and state.gate.mode in (ON, BUILDING) and gate_is_free(state, scope):
        off = spend(state, "close")._replace(gate=state.gate._replace(mode=OFF), gate_locked=1)
        yield ("closer switches the gate off and waits",), off
    if state.gate_locked:
        if not any(process.lease for process in state.processes):
            yield ("closer has waited",), state._replace(gate_locked=0)
        if may_fail(state, "crash"):
            yield ("closer dies",), spend(state, "crash")._replace(gate_locked=0)
