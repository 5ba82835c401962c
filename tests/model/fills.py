"""R5: the fills in flight. No reader waits for its fill, and Redis may execute it at any later time, or never."""

from tests.model import scripts
from tests.model.scope import Scope
from tests.model.state import Fill, Reader, State, Transitions


def token(scope: Scope, index: int, reader: Reader) -> int:
    """Return the token of the leases of a read, which no other read uses."""
    return 10 * index + (reader.reads_left if "token of each read" not in scope.omitted else 0)


def send(state: State, reader: Reader, tasks: int, token: int, version: int = 0) -> State:
    """Send a fill of this version for a bit set of tasks. Version 0 ends the leases."""
    sent = [Fill(reader.epoch, task, version, token) for task in range(tasks.bit_length()) if tasks >> task & 1]
    return state._replace(fills=(*state.fills, *sent))


def transitions(state: State, scope: Scope) -> Transitions:
    """Let Redis execute any of the fills in flight."""
    for fill in state.fills:
        filled = scripts.fill(state, fill.epoch, fill.task, fill.version, fill.token)
        others = tuple(other for other in state.fills if other is not fill)
        yield ("R5 fill", fill.task, fill.version), filled._replace(fills=others)


def without_ineffective(state: State, scope: Scope) -> State:
    """Drop the fills whose lease is gone: no later lease has the same token."""
    if "token of each read" in scope.omitted:
        return state
    contents = [keys for keys in (state.redis, state.replica) if keys]
    left = [
        fill
        for fill in state.fills
        if any(keys[fill.epoch - 1].entries[fill.task] == ("L", fill.token) for keys in contents)
    ]
    return state._replace(fills=tuple(sorted(left)))
