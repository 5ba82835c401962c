"""The state of the model: rows, Redis, the gate, and the program counter of every participant."""

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeVar

# The `view` of a row version. TODO and DONE each have an index.
NO_ROW, TODO, DONE, DELETED = 0, 1, 2, 3
VIEWS = (TODO, DONE)
# A page kind, not the view of a row: the TODO tasks that expire by time 1, ordered by expiry.
EXPIRING_SOON = 4
# Another page kind: the number of tasks of every view.
COUNTS = 5
# Later than any time that the model reaches.
NEVER = 9

# Modes of the gate.
ON, CLOSING, OFF, BUILDING = "on", "closing", "off", "building"


class RowVersion(NamedTuple):
    """One version of a row, reduced to the fields that matter to the protocol."""

    view: int
    expires_at: int = NEVER


class Entry(NamedTuple):
    """The cache entry of a task.

    `kind` is `V` (value: the row version's number), `M` (mark: the index of its writer), `L` (lease: its token) or
    `-` (empty).
    """

    kind: str
    value: int


EMPTY = Entry("-", 0)
# The expiry of a task in the index of each view; 0 if the task is not a member.
Scores = tuple[int, int]


class Keys(NamedTuple):
    """The keys of one epoch in Redis."""

    rev: int  # 0: absent, and the epoch's beacon with it
    beacons: tuple[int, int]  # of the two indexes
    entries: tuple[Entry, ...]
    members: tuple[Scores, ...]
    moving: int = 0  # bit set of tasks whose position in expiry order is uncertain
    marks: int = 0  # bit set of tasks with an unsettled mark, which the scrub knows
    unsettled: int = 0  # bit set of the writers whose bulk create is recorded and not settled


class Gate(NamedTuple):
    """The gate's row in PostgreSQL."""

    mode: str
    epoch: int
    last_epoch: int  # the last value drawn from the sequence of epochs
    run_ids: tuple[int, ...]  # per epoch: the Redis run that its index was built in
    servers: tuple[int, ...]  # per epoch: the run of PostgreSQL that its index was built in


class Writer(NamedTuple):
    """A write in progress. `in_flight` names its messages that have not arrived yet."""

    pc: str = "new"
    epoch: int = 0
    seq: int = 0
    before: RowVersion = RowVersion(NO_ROW)
    after: RowVersion = RowVersion(NO_ROW)
    version: int = 0
    in_flight: tuple[str, ...] = ()
    sets_mark: int = 1
    building: int = 0  # whether the gate was `building` when the writer entered it
    lsn: int = 0  # the position of the commit in the log of PostgreSQL (broken variants only)


class Reader(NamedTuple):
    """A read in progress, by id or of a page. An idle reader only has `reads_left`."""

    reads_left: int
    pc: str = "idle"
    kind: int = 0  # 0: by id; otherwise the view of the page, or EXPIRING_SOON
    epoch: int = 0
    floors: tuple[int, ...] = ()  # per task: the oldest version that may be returned
    pending: int = 0  # bit set of ids from the page script that have not been looked up yet
    counted: int = 0  # bit set of tasks in the total; of COUNTS a bit for each task and view
    examined: int = 0  # bit set of tasks that the answer makes a claim about
    shown: tuple[int, ...] = ()  # per task: the version in the answer; 0: not in the answer
    task: int = 0
    rev: int = 0
    cacheable: int = 1  # whether the page may be cached; 2: undecided (broken variants only)
    next_expiry: int = NEVER  # the next expiry in the view, as the script found it, or of a task in the answer
    began_at: int = 0
    leased: int = 0  # bit set of pending ids that the page script has leased
    replaces: Entry = EMPTY  # the entry that the lease replaces
    holds_lease: int = 0
    version: int = 0
    resolved: int = 0  # whether the outcomes of all bulk creates from before the read are known
    checked_at: int = 0  # the time of Redis, as the check of a cached page read it
    checked_rev: int = 0  # `rev`, as that check read it; 0 if Redis has lost it


class Fill(NamedTuple):
    """A fill in flight. Its reader may have answered already."""

    epoch: int
    task: int
    version: int  # 0: the lease ends without a value
    token: int


class CachedPage(NamedTuple):
    """A whole page that a process caches."""

    epoch: int
    rev: int
    kind: int
    shown: tuple[int, ...]
    counted: int
    examined: int
    next_expiry: int


# The reply of a read: which command it belongs to, and what it says.
Reply = tuple[Any, ...]


class Process(NamedTuple):
    """An API process: the epoch that its lease on the gate allows (0: no lease), and its cached page."""

    lease: int
    page: CachedPage | tuple[()] = ()
    stray_reply: Reply = ()  # the reply of a cancelled read that was not dropped (broken variants only)
    server: int = 1  # the run of PostgreSQL whose answers the process uses


class Builder(NamedTuple):
    """A rebuild in progress."""

    pc: str = "new"
    epoch: int = 0
    task: int = 0
    row: RowVersion = RowVersion(NO_ROW)  # as the batch's snapshot read it


class Dropper(NamedTuple):
    """A drop of an idle index in progress."""

    pc: str = "new"
    epoch: int = 0
    marks: int = 0  # bit set of the marked tasks whose entries are to be removed


class Scrubber(NamedTuple):
    """A scrub in progress, of one id."""

    scrubs_left: int
    pc: str = "idle"
    epoch: int = 0
    task: int = 0
    replaces: Entry = EMPTY
    row: RowVersion = RowVersion(NO_ROW)
    version: int = 0


class Backup(NamedTuple):
    """A copy of the database: how many versions of each row it holds, and its gate and nonces."""

    lengths: tuple[int, ...]
    gate: Gate
    nonce: int
    previous_nonce: int
    lsn: int


class Signs(NamedTuple):
    """Signs of a loss in place of the run of PostgreSQL (broken variants only)."""

    nonce: int = 0  # as PostgreSQL has it
    previous_nonce: int = 0  # the nonce that PostgreSQL had before it
    nonce_in_redis: int = 0
    last_nonce: int = 0  # nonces are random: none is ever drawn twice
    lsn: int = 0  # the position of PostgreSQL in its log
    lsn_in_redis: int = 0  # the highest position of a published write


class State(NamedTuple):
    """A state of the whole system. Immutable and hashable."""

    gate: Gate
    gate_locked: int  # a closer holds the exclusive lock on the gate (broken variants only)
    rows: tuple[tuple[RowVersion, ...], ...]  # per task: all committed versions; the first has number 1
    floors: tuple[int, ...]  # per task: the oldest version that a read that begins now may return
    redis: tuple[Keys, ...]  # per epoch
    replica: tuple[Keys, ...]  # a replica that stopped replicating; empty if none
    run_id: int  # the Redis run that answers
    now: int
    writers: tuple[Writer, ...]
    readers: tuple[Reader, ...]
    processes: tuple[Process, ...]
    builders: tuple[Builder, ...]
    scrubbers: tuple[Scrubber, ...]
    faults_left: tuple[int, ...]  # how often each fault may still occur, in the order of FAULTS
    fills: tuple[Fill, ...] = ()
    droppers: tuple[Dropper, ...] = ()
    server: int = 1  # the run of PostgreSQL that answers
    backup: Backup | tuple[()] = ()
    signs: Signs = Signs()
    violation: str = ""


FAULTS = (
    "evict",  # Redis evicts a value or a lease, never a mark
    "crash",  # a writer or a builder dies
    "mark fails",  # a mark (or a bulk add) fails, or seems to fail and arrives later
    "rollback",  # PostgreSQL refuses the commit
    "publish fails",  # a publish is lost, delayed or duplicated
    "abort fails",  # an abort is lost or delayed
    "cancel",  # a read is cancelled: its client has gone
    "close",  # a process asks for the gate to be closed
    "flush",  # Redis loses all keys
    "index vanishes",  # Redis loses one index key
    "failover",  # a replica that stopped replicating is promoted
    "restore",  # PostgreSQL is replaced by a copy of it, which lacks the last commits
    "mark vanishes",  # Redis loses a mark: the protocol does not survive this
    "beacons resent",  # the message that sets the beacons arrives twice (broken variants only)
)

_FAULT_INDEX = {fault: index for index, fault in enumerate(FAULTS)}

# The name of an action, and its parameters.
Label = tuple[object, ...]
Transitions = Iterator[tuple[Label, State]]
T = TypeVar("T")


def put(items: tuple[T, ...], index: int, item: T) -> tuple[T, ...]:
    """Return a copy of the tuple with one item replaced."""
    return (*items[:index], item, *items[index + 1 :])


def may_fail(state: State, fault: str) -> bool:
    """Return whether the scope allows another occurrence of this fault."""
    return state.faults_left[_FAULT_INDEX[fault]] > 0


def spend(state: State, fault: str) -> State:
    """Return the state with one occurrence of this fault used up."""
    index = _FAULT_INDEX[fault]
    return state._replace(faults_left=put(state.faults_left, index, state.faults_left[index] - 1))


def scores(row: RowVersion) -> Scores:
    """Return the scores that the row version has in the two indexes."""
    return (row.expires_at if row.view == TODO else 0, row.expires_at if row.view == DONE else 0)


def is_visible(row: RowVersion, kind: int, now: int) -> bool:
    """Return whether a read of this kind (0: by id) may return the row version."""
    if kind == EXPIRING_SOON:
        return row.view == TODO and now < row.expires_at <= 1
    return row.expires_at > now and (row.view == kind if kind else row.view in VIEWS)


def index_of(kind: int) -> int:
    """Return which of the two indexes a page of this kind reads."""
    return 0 if kind == EXPIRING_SOON else kind - 1


def is_in_range(members: Scores, kind: int, now: int) -> bool:
    """Return whether the page script finds the id. It only sees the score."""
    score = members[index_of(kind)]
    return now < score <= (1 if kind == EXPIRING_SOON else NEVER)
