"""The gate and the leases on it: who may use Redis, and when nobody does any more."""

from tests.model.locks import gate_free
from tests.model.state import BUILDING, CLOSING, OFF, ON, Scope, State, Steps, may, put, spend


def steps(s: State, scope: Scope) -> Steps:
    """Everything that processes do about the gate."""
    if not scope.gated:
        return
    for p, process in enumerate(s.processes):
        allowed = s.gate.epoch if s.gate.mode == ON else 0
        if process.lease != allowed:
            held = s._replace(processes=put(s.processes, p, process._replace(lease=allowed)))
            yield ("G1 process reads the gate", p, allowed), held
        if process.lease and allowed:
            lapsed = process._replace(lease=0)
            yield ("G1 lease lapses", p), s._replace(processes=put(s.processes, p, lapsed))
    if "closing" in scope.broken:
        yield from close_at_once(s, scope)
    else:
        yield from close(s, scope)


def close(s: State, scope: Scope) -> Steps:
    """G2, G3: `closing`, and `off` by whoever has seen it for longer than any lease lasts."""
    if may(s, "close"):
        if s.gate.mode == ON:
            closing = spend(s, "close")._replace(gate=s.gate._replace(mode=CLOSING))
            yield ("G2 on to closing",), closing
        if s.gate.mode == BUILDING:
            off = spend(s, "close")._replace(gate=s.gate._replace(mode=OFF))
            yield ("G2 building to off",), off
    lapsed = not any(process.lease for process in s.processes)
    if s.gate.mode == CLOSING and (lapsed or "lease wait" in scope.broken):
        yield ("G3 closing to off",), s._replace(gate=s.gate._replace(mode=OFF))


def close_at_once(s: State, scope: Scope) -> Steps:
    """F1: no `closing`; one closer switches off and waits under the gate's lock, if it lives."""
    if may(s, "close") and s.gate.mode in (ON, BUILDING) and gate_free(s, scope):
        off = spend(s, "close")._replace(gate=s.gate._replace(mode=OFF), held=1)
        yield ("closer switches off and waits",), off
    if s.held:
        if not any(process.lease for process in s.processes):
            yield ("closer has waited",), s._replace(held=0)
        if may(s, "crash"):
            yield ("closer dies",), spend(s, "crash")._replace(held=0)
