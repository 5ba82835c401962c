"""Transitions of the scrub, which repairs the index one id at a time and takes over the marks of dead writers."""

from tests.model import scripts
from tests.model.locks import bulk_is_free, id_is_free
from tests.model.scope import Scope
from tests.model.server import any_adopted, mode_of
from tests.model.state import EMPTY, ON, Scrubber, State, Transitions, put

# Higher than every token of a reader.
TOKEN_BASE = 100


def transitions(state: State, scope: Scope) -> Transitions:
    """Yield every next step of every scrubber."""
    for index, scrubber in enumerate(state.scrubbers):
        if scrubber.pc != "idle":
            yield from ACTIONS[scrubber.pc](state, scope, index)
        elif scrubber.scrubs_left and mode_of(state, scope) == ON and any_adopted(state, scope):
            yield from inspect(state, scope, index)
            yield from settle_creates(state, scope)


def with_scrubber(state: State, index: int, **changes: object) -> State:
    """Return the state with one scrubber changed."""
    scrubber: Scrubber = state.scrubbers[index]._replace(**changes)  # type: ignore[arg-type]
    return state._replace(scrubbers=put(state.scrubbers, index, scrubber))


def finish(state: State, index: int) -> State:
    """Return the state with this scrub completed."""
    scrubs_left = state.scrubbers[index].scrubs_left - 1
    return state._replace(scrubbers=put(state.scrubbers, index, Scrubber(scrubs_left)))


def settle_creates(state: State, scope: Scope) -> Transitions:
    """S6: ask PostgreSQL for the outcomes of recorded bulk creates. Settle or discard those that have ended."""
    settled = scripts.settle_all(state, scope, state.gate.epoch)
    if settled != state:
        yield ("S6 settle",), settled


def inspect(state: State, scope: Scope, index: int) -> Transitions:
    """S1: under a value, repair in the same script; continue over an empty entry or a dead mark; skip a lease."""
    epoch = state.gate.epoch
    for task in range(len(scope.rows)):
        begun = with_scrubber(state, index, epoch=epoch, task=task)
        if "scrub lease" in scope.omitted:
            yield ("S1 look", index, task), with_scrubber(begun, index, pc="row")
            continue
        entry = scripts.epoch_keys(state, epoch).entries[task]
        if entry.kind == "V":
            row = state.rows[task][entry.value - 1]
            repaired = scripts.repair(begun, scope, epoch, task, row)
            yield ("S1 repair by value", index, task), finish(repaired, index)
        elif entry.kind == "M":
            yield ("S1 dead mark", index, task), with_scrubber(begun, index, pc="lock", replaces=entry)
        elif entry == EMPTY:
            yield ("S1 empty", index, task), with_scrubber(begun, index, pc="lease")


def lock_id(state: State, scope: Scope, index: int) -> Transitions:
    """T1: before taking over a mark, make sure that its writer has ended."""
    scrubber = state.scrubbers[index]
    if id_is_free(state, scope, scrubber.task, scrubber.replaces.value):
        yield ("T1 id lock", index, scrubber.task), with_scrubber(state, index, pc="lease")
    else:
        yield ("T1 id is locked", index, scrubber.task), finish(state, index)


def lease(state: State, scope: Scope, index: int) -> Transitions:
    """S2: take a lease with the readers' script and a token of the scrub's own."""
    scrubber = state.scrubbers[index]
    token = TOKEN_BASE + scrubber.scrubs_left
    leased = scripts.lease(state, scope, scrubber.epoch, scrubber.task, scrubber.replaces, token)
    if leased is None:
        yield ("S2 refused", index, scrubber.task), finish(state, index)
    else:
        pc = "bulk" if scope.has_bulk_creates else "row"
        yield ("S2 lease", index, scrubber.task), with_scrubber(leased, index, pc=pc, replaces=EMPTY)


def wait_for_bulk_creates(state: State, scope: Scope, index: int) -> Transitions:
    """S3: acquire and release the exclusive bulk lock: no bulk create from before the lease is still in flight."""
    if bulk_is_free(state, scope):
        yield ("S3 bulk lock", index), with_scrubber(state, index, pc="row")


def read_row(state: State, scope: Scope, index: int) -> Transitions:
    """S4: read the row from the primary."""
    scrubber = state.scrubbers[index]
    version = len(state.rows[scrubber.task])
    row = state.rows[scrubber.task][-1]
    after = with_scrubber(state, index, pc="repair", version=version, row=row)
    yield ("S4 row", index, scrubber.task, version), after


def repair(state: State, scope: Scope, index: int) -> Transitions:
    """S5: in one script, if the lease still stands, fill the entry and take the id out of wrong indexes."""
    scrubber = state.scrubbers[index]
    token = TOKEN_BASE + scrubber.scrubs_left
    leased = scripts.epoch_keys(state, scrubber.epoch).entries[scrubber.task] == ("L", token)
    after = state
    if leased or "scrub lease" in scope.omitted:
        after = scripts.repair(state, scope, scrubber.epoch, scrubber.task, scrubber.row)
    if leased:
        keys = scripts.epoch_keys(after, scrubber.epoch)
        settled = scripts.settle_mark(keys, scrubber.task)
        if "moving at scrub" in scope.omitted:
            settled = settled._replace(moving=keys.moving)
        after = scripts.with_keys(after, scrubber.epoch, settled)
    after = scripts.fill(after, scrubber.epoch, scrubber.task, scrubber.version, token)
    yield ("S5 repair", index, scrubber.task, scrubber.version), finish(after, index)


ACTIONS = {"lock": lock_id, "lease": lease, "bulk": wait_for_bulk_creates, "row": read_row, "repair": repair}
