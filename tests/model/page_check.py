"""P2: the check of cached pages. The requests of a process share it, on a connection that they share as well."""

from tests.model import scripts
from tests.model.answer import complete
from tests.model.scope import Scope
from tests.model.state import COUNTS, CachedPage, Reader, Reply, State, Transitions, may_fail, put, spend

# The program counters of a reader whose check has not been decided: not sent, half executed, answered.
WAITING, HALF_DONE, ANSWERED = "gather", "half", "checked"


def with_reader(state: State, index: int, **changes: object) -> State:
    """Return the state with one reader changed."""
    reader: Reader = state.readers[index]._replace(**changes)  # type: ignore[arg-type]
    return state._replace(readers=put(state.readers, index, reader))


def cancel(state: State, scope: Scope, index: int, reply: Reply = ()) -> Transitions:
    """Cancel a read. Its reply, if one is on its way and no other reader waits for it, is read and dropped."""
    if may_fail(state, "cancel"):
        process = index % scope.processes
        idle = Reader(state.readers[index].reads_left - 1)
        cancelled = spend(state, "cancel")._replace(readers=put(state.readers, index, idle))
        if reply and f"dropped {reply[0]} replies" in scope.omitted and not state.processes[process].stray_reply:
            cancelled = with_stray_reply(cancelled, process, reply)
        yield ("read is cancelled", index), cancelled


def with_stray_reply(state: State, process: int, reply: Reply) -> State:
    """Return the state with a reply that the process will take for that of its next command (broken variants only)."""
    return state._replace(processes=put(state.processes, process, state.processes[process]._replace(stray_reply=reply)))


def receive(state: State, process: int, reply: Reply) -> tuple[State, Reply]:
    """Return what the process takes for the reply of its command: after a stray reply, always the one before.

    A reply that obviously belongs to another command, or to another task, makes the process open a new connection.
    """
    stray = state.processes[process].stray_reply
    if not stray:
        return state, reply
    if stray[:2] != reply[:2]:
        return with_stray_reply(state, process, ()), ()
    return with_stray_reply(state, process, reply), stray


def group(state: State, scope: Scope, index: int) -> list[int]:
    """Return the readers that share a check with this one: same process, same epoch, same progress."""
    reader = state.readers[index]
    return [
        other_index
        for other_index, other in enumerate(state.readers)
        if (other.pc, other.epoch) == (reader.pc, reader.epoch) and (other_index - index) % scope.processes == 0
    ]


def send(state: State, scope: Scope, index: int) -> Transitions:
    """P2: send a check for all requests that wait for one, and let Redis execute the first of its two commands."""
    yield from cancel(state, scope, index)
    if "join before sending" in scope.omitted:
        yield from join_sent_check(state, scope, index)
    members = group(state, scope, index)
    # On one connection a check is executed in full before the next.
    busy = any(
        other.pc == HALF_DONE and (other_index - index) % scope.processes == 0
        for other_index, other in enumerate(state.readers)
    )
    if index == members[0] and not busy:
        yield execute(state, scope, members, HALF_DONE, time="TIME first" not in scope.omitted)


def finish(state: State, scope: Scope, index: int) -> Transitions:
    """P2: let Redis execute the second command of a check."""
    yield from cancel(state, scope, index)
    members = group(state, scope, index)
    if index == members[0]:
        yield execute(state, scope, members, ANSWERED, time="TIME first" in scope.omitted)


def execute(state: State, scope: Scope, members: list[int], pc: str, *, time: bool) -> tuple[tuple[object, ...], State]:
    """Execute TIME or GET rev for a group of readers. Return the label and the new state."""
    if time:
        for member in members:
            state = with_reader(state, member, pc=pc, checked_at=state.now)
        return ("P2 TIME", *members), state
    first = state.readers[members[0]]
    lost = scripts.index_is_lost(state, scope, first.epoch) and "run id at P2" not in scope.omitted
    rev = 0 if lost else scripts.epoch_keys(state, first.epoch).rev
    changes = {"checked_rev": rev}
    if pc == ANSWERED:
        state, reply = receive(state, members[0] % scope.processes, ("check", first.epoch, rev, first.checked_at))
        changes = {"checked_rev": reply[2], "checked_at": reply[3]} if reply else {"checked_rev": 0}
    for member in members:
        state = with_reader(state, member, pc=pc, **changes)
    return ("P2 GET rev", *members, rev), state


def join_sent_check(state: State, scope: Scope, index: int) -> Transitions:
    """Join a check that was sent before this request arrived (broken variants only)."""
    reader = state.readers[index]
    for other_index, other in enumerate(state.readers):
        same_process = (other_index - index) % scope.processes == 0
        if other.pc in (HALF_DONE, ANSWERED) and same_process and other.epoch == reader.epoch:
            joined = with_reader(state, index, pc=other.pc, checked_at=other.checked_at, checked_rev=other.checked_rev)
            yield ("P2 joins a check already sent", index, other_index), joined


def decide(state: State, scope: Scope, index: int) -> Transitions:
    """P2: serve the cached page if the reply confirms it. Otherwise read the page."""
    reader = state.readers[index]
    alone = group(state, scope, index) == [index]
    yield from cancel(
        state, scope, index, ("check", reader.epoch, reader.checked_rev, reader.checked_at) if alone else ()
    )
    page = state.processes[index % scope.processes].page
    if isinstance(page, CachedPage) and is_valid(scope, page, reader):
        answer = reader._replace(shown=page.shown, counted=page.counted, examined=page.examined)
        yield ("P2 cached page", index, page.shown), complete(state, scope, index, answer, "cached page")
    else:
        pc = "counts" if reader.kind == COUNTS else "page"
        yield ("P2 not valid", index), with_reader(state, index, pc=pc, checked_at=0, checked_rev=0)


def is_valid(scope: Scope, page: CachedPage, reader: Reader) -> bool:
    """Return whether the reply of a check confirms the page."""
    # Without the clock of Redis: a clock of the process, which is slow.
    now = 0 if "expiry by the clock of Redis" in scope.omitted else reader.checked_at
    return (
        page.kind == reader.kind
        and page.rev == reader.checked_rev
        and (page.epoch == reader.epoch or "pages cached by epoch" in scope.omitted)
        and (page.next_expiry > now or "pages cached until the next expiry" in scope.omitted)
    )


ACTIONS = {WAITING: send, HALF_DONE: finish, ANSWERED: decide}
