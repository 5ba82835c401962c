"""Transitions of the readers: a read by id, a page whose ids are looked up one by one, or a cached page."""

from tests.model import fills, outcomes, page_check, scripts
from tests.model.answer import cache_page, complete, complete_from_rows
from tests.model.locks import id_is_free
from tests.model.page_check import cancel, receive, with_reader
from tests.model.scope import Scope
from tests.model.server import adopted
from tests.model.state import (
    COUNTS,
    EMPTY,
    EXPIRING_SOON,
    NO_ROW,
    VIEWS,
    Reader,
    Reply,
    State,
    Transitions,
    index_of,
    is_in_range,
    is_visible,
    put,
)


def transitions(state: State, scope: Scope) -> Transitions:
    """Yield every next step of every reader."""
    for index, reader in enumerate(state.readers):
        if reader.pc in ASKS_POSTGRESQL and not adopted(state, scope, state.processes[index % scope.processes]):
            continue
        if reader.pc != "idle":
            yield from ACTIONS[reader.pc](state, scope, index)
        elif reader.reads_left:
            yield from begin(state, scope, index)


def begin(state: State, scope: Scope, index: int) -> Transitions:
    """R1: check the process's lease on the gate as the read begins. Without a lease PostgreSQL answers."""
    process = state.processes[index % scope.processes]
    for kind in scope.readers[index]:
        floors = state.floors if kind else state.floors[:1]
        reader = state.readers[index]._replace(kind=kind, floors=floors, shown=(0,) * len(floors), began_at=state.now)
        target = f"page of view {kind}" if kind else "by id"
        if not process.lease and process.page and "lease at P2" in scope.omitted:
            started = reader._replace(pc=page_check.WAITING, epoch=process.page.epoch)
            yield ("R1 no lease", index, target), state._replace(readers=put(state.readers, index, started))
        if not process.lease:
            if adopted(state, scope, process):
                yield ("R6 sql", index, target), complete_from_rows(state, scope, index, reader)
            continue
        first_steps = ["mget" if not kind else "counts" if kind == COUNTS else "page"]
        if process.page and process.page.kind == kind:
            first_steps.append(page_check.WAITING)
        for pc in first_steps:
            started = reader._replace(pc=pc, epoch=process.lease, examined=int(not kind))
            begun = state._replace(readers=put(state.readers, index, started))
            if scope.pauses or pc == page_check.WAITING:
                yield ("R1 begin", index, target), begun
            else:  # Merge R1 with the first script: no relevant transition can happen between them.
                yield from ACTIONS[pc](begun, scope, index)


def read_page(state: State, scope: Scope, index: int) -> Transitions:
    """P1: one script reads the beacons, the ids after a position, the total and `rev`, and leases missing entries."""
    reader = state.readers[index]
    keys = scripts.epoch_keys(state, reader.epoch)
    beacon = keys.beacons[index_of(reader.kind)] or "index beacon" in scope.omitted
    if scripts.index_is_lost(state, scope, reader.epoch) or not beacon:
        yield ("P1 beacon is missing", index), with_reader(state, index, pc="sql")
        return
    if outcomes.are_needed(scope, keys, reader):
        yield ("P1 unsettled", index), with_reader(state, index, pc="outcomes", pending=keys.unsettled)
        return
    tasks = len(reader.floors)
    if reader.kind == EXPIRING_SOON and keys.moving:
        yield ("P1 moving", index), with_reader(state, index, pc="sql")
        return
    in_range = [task for task in range(tasks) if is_in_range(keys.members[task], reader.kind, state.now)]
    remaining = [task for task in in_range if task >= reader.task]
    ids = remaining[: scope.page_size - sum(map(bool, reader.shown))]
    end = ids[-1] + 1 if len(remaining) > len(ids) else tasks
    reader = reader._replace(
        pending=sum(1 << task for task in ids),
        examined=reader.examined | sum(1 << task for task in range(reader.task, end)),
        # Both are those of the first call: every later change raises `rev`.
        counted=reader.counted if reader.task else sum(1 << task for task in in_range),
        rev=reader.rev if reader.task and "rev of the first call" not in scope.omitted else keys.rev,
        next_expiry=min([reader.next_expiry, *(keys.members[task][index_of(reader.kind)] for task in in_range)]),
        task=end,
        resolved=1,  # a bulk create that is recorded later is acknowledged later
    )
    token = fills.token(scope, index, reader)
    state, leased = scripts.lease_page(state, scope, reader.epoch, ids, token)
    yield ("P1 page", index, ids, keys.rev), continue_read(state, scope, index, reader._replace(leased=leased))
    if leased:
        yield from ((label, fills.send(after, reader, leased, token)) for label, after in cancel(state, scope, index))


def read_counts(state: State, scope: Scope, index: int) -> Transitions:
    """P3: one script counts the tasks of every view, or of the view of the page that was read before."""
    reader = state.readers[index]
    keys = scripts.epoch_keys(state, reader.epoch)
    if scripts.index_is_lost(state, scope, reader.epoch) or keys.beacons != (1, 1):
        yield ("P3 beacon is missing", index), with_reader(state, index, pc="sql")
        return
    if outcomes.are_needed(scope, keys, reader):
        yield ("P3 unsettled", index), with_reader(state, index, pc="outcomes", pending=keys.unsettled)
        return
    kinds = VIEWS if reader.kind == COUNTS else (reader.kind,)
    counted, next_expiry = 0, reader.next_expiry
    for task, members in enumerate(keys.members):
        for position, kind in enumerate(kinds):
            if is_in_range(members, kind, state.now):
                counted |= 1 << (task * len(kinds) + position)
                next_expiry = min(next_expiry, members[index_of(kind)])
    is_first_call = reader.kind == COUNTS or "rev of the first call" in scope.omitted
    reader = reader._replace(counted=counted, next_expiry=next_expiry, rev=keys.rev if is_first_call else reader.rev)
    yield (
        ("P3 counts", index, keys.rev),
        cache_page(complete(state, scope, index, reader, "from Redis"), scope, index, reader),
    )


def continue_read(state: State, scope: Scope, index: int, reader: Reader) -> State:
    """Go to the next id, call the page script again if ids were dropped, or complete the read."""
    if reader.pending:
        bit = reader.pending & -reader.pending
        leased = reader.leased & bit
        reader = reader._replace(
            pc="row" if leased else "mget", holds_lease=int(leased > 0), leased=reader.leased - leased
        )
        reader = reader._replace(pending=reader.pending - bit, task=bit.bit_length() - 1)
    elif (
        not reader.kind
        or sum(map(bool, reader.shown)) >= scope.page_size
        or reader.examined >> (len(reader.floors) - 1)
    ):
        if scope.counts_after_page and reader.kind and reader.pc != "counts":
            return state._replace(readers=put(state.readers, index, reader._replace(pc="counts")))
        return cache_page(complete(state, scope, index, reader, "from Redis"), scope, index, reader)
    else:
        reader = reader._replace(pc="page", task=reader.examined.bit_length(), holds_lease=0)
    return state._replace(readers=put(state.readers, index, reader._replace(replaces=EMPTY, version=0)))


def take_version(state: State, scope: Scope, index: int, version: int) -> State:
    """Take this version of the task into the answer; a page drops a task that is not in its view."""
    reader = state.readers[index]
    row = state.rows[reader.task][version - 1]
    if is_visible(row, reader.kind, state.now):
        reader = reader._replace(shown=put(reader.shown, reader.task, version))
        if "expiry of each task" not in scope.omitted:
            reader = reader._replace(next_expiry=min(reader.next_expiry, row.expires_at))
        if "dropped tasks count for caching" in scope.omitted and reader.cacheable == 2:
            reader = reader._replace(cacheable=0)
    elif row.view == NO_ROW and "no caching with missing rows" not in scope.omitted:
        # It may be a bulk create in progress, which sets no mark.
        reader = reader._replace(cacheable=0)
    if reader.cacheable == 2:
        reader = reader._replace(cacheable=1)
    return continue_read(state, scope, index, reader)


def read_under_mark(state: State, scope: Scope, index: int) -> State:
    """Under a live mark: read the row, do not fill the entry, do not cache the page."""
    cacheable = state.readers[index].cacheable
    if "no caching under live marks" not in scope.omitted:
        cacheable = 2 if "dropped tasks count for caching" in scope.omitted and cacheable else 0
    return with_reader(state, index, pc="row", cacheable=cacheable)


def mget(state: State, scope: Scope, index: int) -> Transitions:
    """R2: one MGET of the beacon and the entry."""
    reader = state.readers[index]
    if "beacon in MGET" not in scope.omitted and scripts.index_is_lost(state, scope, reader.epoch):
        yield ("R2 beacon is missing", index), with_reader(state, index, pc="sql")
        return
    reply: Reply = ("mget", reader.task, scripts.epoch_keys(state, reader.epoch).entries[reader.task])
    yield from cancel(state, scope, index, reply)
    state, reply = receive(state, index % scope.processes, reply)
    if not reply:
        yield ("R2 not the reply to this MGET", index), with_reader(state, index, pc="sql")
        return
    entry = reply[2]
    if entry.kind == "V":
        yield ("R2 hit", index, reader.task, entry.value), take_version(state, scope, index, entry.value)
        if scope.two_formats:
            yield ("R2 other format", index, reader.task), with_reader(state, index, pc="lease", replaces=entry)
    elif entry.kind == "L":
        yield ("R2 foreign lease", index, reader.task), with_reader(state, index, pc="row")
    elif entry.kind == "M":
        yield ("R2 live mark", index, reader.task, entry.value), read_under_mark(state, scope, index)
        yield (
            ("R2 mark past its deadline", index, reader.task, entry.value),
            with_reader(state, index, pc="lock", replaces=entry),
        )
    else:
        yield ("R2 miss", index, reader.task), with_reader(state, index, pc="lease")


def lock_id(state: State, scope: Scope, index: int) -> Transitions:
    """T1: before taking over a mark, make sure that its writer has ended: try the exclusive lock on the id."""
    reader = state.readers[index]
    if id_is_free(state, scope, reader.task, reader.replaces.value):
        yield ("T1 id lock", index, reader.task), with_reader(state, index, pc="lease")
    else:
        yield ("T1 id is locked", index, reader.task), read_under_mark(state, scope, index)


def lease(state: State, scope: Scope, index: int) -> Transitions:
    """R3: take a lease over an empty entry, over a value of another format, or over the mark that was read."""
    reader = state.readers[index]
    leased = scripts.lease(state, scope, reader.epoch, reader.task, reader.replaces, fills.token(scope, index, reader))
    if leased is not None:
        yield ("R3 lease", index, reader.task), with_reader(leased, index, pc="row", holds_lease=1, replaces=EMPTY)
    elif scripts.epoch_keys(state, reader.epoch).entries[reader.task].kind == "M":
        under_mark = read_under_mark(state, scope, index)
        yield ("R3 refused by a mark", index, reader.task), with_reader(under_mark, index, replaces=EMPTY)
    else:
        yield ("R3 refused", index, reader.task), with_reader(state, index, pc="row", replaces=EMPTY)


def read_row(state: State, scope: Scope, index: int) -> Transitions:
    """R4: read the row from the primary. Under a lease a fill is sent, which the reader does not wait for."""
    reader, version = state.readers[index], len(state.rows[state.readers[index].task])
    if reader.holds_lease:
        state = fills.send(state, reader, 1 << reader.task, fills.token(scope, index, reader), version)
        yield ("R4 row", index, reader.task, version), with_reader(state, index, pc="answer", version=version)
    else:
        yield ("R4 row", index, reader.task, version), take_version(state, scope, index, version)


def take_row(state: State, scope: Scope, index: int) -> Transitions:
    """Take the row into the answer, before or after Redis executes the fill."""
    reader = state.readers[index]
    yield ("row in the answer", index, reader.version), take_version(state, scope, index, reader.version)


def fall_back(state: State, scope: Scope, index: int) -> Transitions:
    """R6: fall back to PostgreSQL."""
    yield ("R6 sql", index), complete_from_rows(state, scope, index, state.readers[index])


# At these the next step of a reader is a query.
ASKS_POSTGRESQL = ("row", "lock", "sql", "outcomes")
ACTIONS = (
    page_check.ACTIONS
    | outcomes.ACTIONS
    | {
        "page": read_page,
        "counts": read_counts,
        "mget": mget,
        "lock": lock_id,
        "lease": lease,
        "row": read_row,
        "answer": take_row,
        "sql": fall_back,
    }
)
