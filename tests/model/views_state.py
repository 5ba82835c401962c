"""The state of the model of declared views, and the scope of an exploration. The gate stays `on`."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from tests.model.state import NEVER, Label, put

ABSENT, BUILDING, READY = 0, 1, 2
# What an older release maintains. Other workers have a bit set of shapes.
OLDER_RELEASE = -1
ALL_SHAPES = 3
# Marks an id in `holding`, above the bits of the views.
HELD = 1 << 7
# The entry of a task: empty (or a value), the lease of the scrub, or one more than the writer whose mark it is.
EMPTY, LEASE = 0, -1


class Row(NamedTuple):
    """One version of a row: the bit set of its views, its expiry, and its score in the declared orders.

    Without `exists` nobody may see the task.
    """

    exists: int = 1
    views: int = 0
    expires_at: int = NEVER
    score: int = 1


NO_ROW = Row(0)


class Write(NamedTuple):
    """The operation of one writer, and the shapes that its worker maintains."""

    kind: str = "update"  # update, create, delete, bulk
    task: int = 0
    views: int = 0
    expires_at: int = NEVER
    maintains: int = ALL_SHAPES
    score: int = 1


class Keys(NamedTuple):
    """The keys of the epoch in Redis."""

    fence: int  # whether `rev` of the shapes is `rev`
    shapes: tuple[tuple[int, int], ...]  # per shape: ABSENT, BUILDING or READY, and its generation
    members: tuple[tuple[int, ...], ...]  # per task and view: the expiry; 0 if the task is no member
    existing: int  # bit set of the views that have their sets
    registered: int  # bit set of the registered views
    holding: tuple[int, ...]  # per task: bit set of views, with HELD; 0 if nothing is held
    touched: tuple[int, ...]  # per shape: bit set of tasks
    base: tuple[int, ...]  # per task: its expiry in the base index; 0 if it is no member
    entries: tuple[int, ...]
    swept: tuple[int, ...]  # per task: the number of the sweep that took it out of the base index; 0: not swept
    scores: tuple[tuple[int, ...], ...]  # per task and view: the score in a declared order; 0 if it is no member
    reordering: int = 0  # bit set of tasks whose score in a declared order is in doubt
    moving: int = 0  # bit set of tasks whose position by expiry is in doubt
    marks: int = 0  # bit set of tasks that the scrub has to settle
    records: int = 0  # bit set of the writers whose bulk create is recorded
    sweeps: int = 0  # the number of the last sweep


class Writer(NamedTuple):
    """A write in progress. `in_flight` names its message that has not arrived yet."""

    pc: str = "new"
    seq: int = 0
    before: Row = NO_ROW
    after: Row = NO_ROW
    version: int = 0
    in_flight: str = ""


class Builder(NamedTuple):
    """A build of all shapes that are not ready."""

    pc: str = "new"
    generations: tuple[int, ...] = ()  # per shape; 0: this build does not build it
    task: int = 0
    row: Row = NO_ROW  # as the batch's snapshot read it


class Reader(NamedTuple):
    """A read of one view: a page, or a count."""

    reads_left: int
    pc: str = "idle"
    view: int = 0
    floors: tuple[int, ...] = ()  # per task: the oldest version that may be returned
    found: int = 0  # bit set of tasks


class Scrubber(NamedTuple):
    """A scrub of one id."""

    scrubs_left: int
    pc: str = "idle"
    task: int = 0
    row: Row = NO_ROW


class State(NamedTuple):
    """A state of the whole system. Immutable and hashable."""

    rows: tuple[tuple[Row, ...], ...]  # per task: all committed versions; the first has number 1
    floors: tuple[int, ...]  # per task: the oldest version that a read that begins now may return
    keys: Keys
    writers: tuple[Writer, ...]
    builders: tuple[Builder, ...]
    readers: tuple[Reader, ...]
    scrubber: Scrubber
    unlisting: tuple[int, int, int] = (-1, 0, 0)  # the task whose row housekeeping has read, its views, its sweep
    now: int = 0
    found: tuple[int, ...] = ()  # per task: bit set of views where a page found it without its row
    faults_left: tuple[int, ...] = ()
    violation: str = ""


Transitions = Iterator[tuple[Label, State]]
FAULTS = (
    "crash",  # a writer or a builder dies
    "rollback",
    "mark fails",  # the mark is lost, or arrives at any later time
    "publish fails",
    "abort fails",
    "builder pauses",  # it loses its lock, and continues
    "view vanishes",  # both sets of a view
    "out of memory",  # a shape is given up
)


@dataclass(frozen=True)
class ViewsScope:
    """The bounds of an exploration of declared views."""

    rows: tuple[Row, ...] = (Row(views=1),)
    shape_of: tuple[int, ...] = (0, 0)  # per view
    orders: bool = False  # every shape declares an order
    start: int = READY
    writers: tuple[Write, ...] = ()
    builders: int = 0
    reads: int = 0
    scrubs: int = 0
    end_time: int = 0
    unlists: bool = False  # housekeeping removes swept ids
    faults: dict[str, int] = field(default_factory=dict)
    omitted: frozenset[str] = frozenset()

    @property
    def shapes(self) -> int:
        """The number of shapes."""
        return max(self.shape_of) + 1


class ViewsVariant(NamedTuple):
    """The protocol without some of its rules, a scope, and a part of the expected violation."""

    name: str
    omits: tuple[str, ...]
    scope: ViewsScope
    violation: str

    def broken_scope(self) -> ViewsScope:
        """Return the scope without the rules."""
        return replace(self.scope, omitted=frozenset(self.omits))


def bits(numbers: int) -> list[int]:
    """Return the numbers in a bit set."""
    return [number for number in range(numbers.bit_length()) if numbers >> number & 1]


def is_visible(row: Row, now: int) -> bool:
    """Return whether a read may return the row version."""
    return bool(row.exists) and row.expires_at > now


def may_fail(state: State, fault: str) -> bool:
    """Return whether the fault may still occur."""
    return state.faults_left[FAULTS.index(fault)] > 0


def spend(state: State, fault: str) -> State:
    """Return the state in which the fault has occurred once more."""
    index = FAULTS.index(fault)
    return state._replace(faults_left=put(state.faults_left, index, state.faults_left[index] - 1))


def initial_state(scope: ViewsScope) -> State:
    """Return the initial state: every row committed, and in the base index. If the shapes are ready, they are exact."""
    tasks, views = len(scope.rows), range(len(scope.shape_of))
    ready = scope.start == READY
    members = tuple(
        tuple(row.expires_at if ready and row.exists and row.views >> view & 1 else 0 for view in views)
        for row in scope.rows
    )
    filled = sum(1 << view for view in views if any(scores[view] for scores in members))
    keys = Keys(
        fence=int(ready),
        shapes=((scope.start, 1 if ready else 0),) * scope.shapes,
        members=members,
        existing=filled,
        registered=filled,
        holding=(0,) * tasks,
        touched=(0,) * scope.shapes,
        base=tuple(row.expires_at if row.exists else 0 for row in scope.rows),
        entries=(EMPTY,) * tasks,
        swept=(0,) * tasks,
        scores=tuple(
            tuple(row.score if scope.orders and expiry else 0 for expiry in scores)
            for row, scores in zip(scope.rows, members, strict=True)
        ),
    )
    return State(
        rows=tuple((row,) for row in scope.rows),
        floors=(1,) * tasks,
        keys=keys,
        writers=(Writer(),) * len(scope.writers),
        builders=(Builder(),) * scope.builders,
        readers=(Reader(scope.reads),) if scope.reads else (),
        scrubber=Scrubber(scope.scrubs),
        found=(0,) * tasks,
        faults_left=tuple(scope.faults.get(fault, 0) for fault in FAULTS),
    )
