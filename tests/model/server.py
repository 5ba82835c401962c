"""The runs of PostgreSQL: a copy of the database takes its place, and processes learn of it."""

from itertools import chain

from tests.model.locks import IN_TRANSACTION
from tests.model.scope import Scope
from tests.model.state import (
    CLOSING,
    ON,
    Backup,
    Process,
    Signs,
    State,
    Transitions,
    may_fail,
    put,
    spend,
)


def transitions(state: State, scope: Scope) -> Transitions:
    """Yield every fault of PostgreSQL, and every adoption of a new run by a process."""
    if may_fail(state, "restore"):
        yield ("backup is taken",), spend(state, "restore")._replace(backup=copy_of(state))
    if isinstance(state.backup, Backup):
        yield ("backup takes over, marked writes are aborted",), restored(state, state.backup, "aborting")
        yield ("backup takes over, marked writes die",), restored(state, state.backup, "done")
    for index, process in enumerate(state.processes):
        if process.server != state.server and (leases_have_ended(state) or "lease wait at adoption" in scope.omitted):
            adopting = process._replace(server=state.server, lease=0)
            yield ("H1 adopt", index), state._replace(processes=put(state.processes, index, adopting))
    yield from draw_nonces(state, scope)


def copy_of(state: State) -> Backup:
    """Return a copy of the database."""
    signs = state.signs
    return Backup(tuple(map(len, state.rows)), state.gate, signs.nonce, signs.previous_nonce, signs.lsn)


def restored(state: State, backup: Backup, marked_writer: str) -> State:
    """Replace the database by a copy of it. Transactions in progress end, and with them the builders that read.

    A loss appears as a commit without a mark, which brings the row back: a version never has two contents. Epochs have
    random low bits, so none is ever drawn twice.
    """
    rows = tuple(
        versions if len(versions) == length else (*versions, versions[length - 1])
        for versions, length in zip(state.rows, backup.lengths, strict=True)
    )
    gate = state.gate._replace(mode=backup.gate.mode, epoch=backup.gate.epoch)
    signs = state.signs._replace(nonce=backup.nonce, previous_nonce=backup.previous_nonce, lsn=backup.lsn)
    writers = tuple(
        writer
        if writer.pc not in IN_TRANSACTION
        else writer._replace(pc=marked_writer if writer.pc == "marked" and writer.epoch else "done")
        for writer in state.writers
    )
    builders = tuple(
        builder._replace(pc="done") if builder.pc in ("snapshot", "adding") else builder for builder in state.builders
    )
    return state._replace(
        rows=rows, gate=gate, signs=signs, writers=writers, builders=builders, server=state.server + 1, backup=()
    )


def leases_have_ended(state: State) -> bool:
    """Return whether no lease on the gate is left that an earlier run has granted."""
    return not any(process.lease and process.server != state.server for process in state.processes)


def adopted(state: State, scope: Scope, process: Process) -> bool:
    """H1: return whether the process uses the answers of PostgreSQL. Without the rule it always does."""
    return process.server == state.server or "adoption" in scope.omitted


def any_adopted(state: State, scope: Scope) -> bool:
    """Return whether any process uses the answers of PostgreSQL."""
    return any(adopted(state, scope, process) for process in state.processes)


def mode_of(state: State, scope: Scope) -> str:
    """G1: return the mode of the gate. An index of another history reads as `closing`."""
    if state.gate.mode != ON or "run in the gate" in scope.omitted:
        return state.gate.mode
    signs = state.signs
    match scope.sign:
        case "run":
            same_history = state.gate.servers[state.gate.epoch - 1] == state.server
        case "nonce":
            same_history = signs.nonce_in_redis in (signs.nonce, signs.previous_nonce)
        case _:
            same_history = signs.lsn_in_redis <= signs.lsn
    return ON if same_history else CLOSING


def draw_nonces(state: State, scope: Scope) -> Transitions:
    """Write a new nonce to PostgreSQL, then to Redis; write other records to the log (broken variants only)."""
    signs = state.signs
    if scope.sign == "nonce" and signs.last_nonce < max(map(len, state.rows)):
        drawn = signs.last_nonce + 1
        after = signs._replace(nonce=drawn, previous_nonce=signs.nonce, last_nonce=drawn)
        yield ("nonce to PostgreSQL",), state._replace(signs=after)
    if scope.sign == "nonce" and signs.nonce_in_redis != signs.nonce and mode_of(state, scope) == ON:
        yield ("nonce to Redis",), state._replace(signs=signs._replace(nonce_in_redis=signs.nonce))
    if scope.sign == "lsn" and signs.lsn < len(list(chain(*state.rows))):
        yield ("PostgreSQL writes to its log",), state._replace(signs=signs._replace(lsn=signs.lsn + 1))


def with_commit(state: State, scope: Scope) -> State:
    """Return the state with the log of PostgreSQL advanced."""
    return with_signs(state, lsn=state.signs.lsn + 1) if scope.sign == "lsn" else state


def with_published_commit(state: State, scope: Scope, lsn: int) -> State:
    """Return the state with the position of a published write in Redis."""
    highest = max(state.signs.lsn_in_redis, lsn)
    return with_signs(state, lsn_in_redis=highest) if scope.sign == "lsn" else state


def with_nonce_in_redis(state: State, scope: Scope) -> State:
    """Return the state after a rebuild has stored the signs of its index."""
    if scope.sign == "run":
        return state
    return with_signs(state, nonce_in_redis=state.signs.nonce, lsn_in_redis=state.signs.lsn)


def with_signs(state: State, **changes: int) -> State:
    """Return the state with some signs changed."""
    signs: Signs = state.signs._replace(**changes)
    return state._replace(signs=signs)
