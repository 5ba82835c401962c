"""The model's world: rows, Redis, the gate, and everyone who is in the middle of something."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

NOWHERE, TODO, DONE, DELETED = 0, 1, 2, 3  # where a version of a task stands; two of them are views
VIEWS = (TODO, DONE)
SOON = 4  # not where a version stands, but a page: of the tasks in TODO by expiry, those that end by 1
NEVER = 9  # an expiry later than any clock of the model

ON, CLOSING, OFF, BUILDING = "on", "closing", "off", "building"


class Image(NamedTuple):
    """One version of a task, as far as anybody can tell versions apart."""

    view: int
    until: int = NEVER


class Entry(NamedTuple):
    """A task's key in Redis: `V` a version, `M` a writer, `L` whoever fills; `-` nothing there."""

    kind: str
    of: int


EMPTY = Entry("-", 0)
Scores = tuple[int, int]  # a task's expiry in the index of each view; 0: not in it


class Keys(NamedTuple):
    """What Redis holds for one epoch."""

    rev: int  # 0: not there, and with it the beacon
    beacons: tuple[int, int]  # of the two indexes
    entries: tuple[Entry, ...]
    members: tuple[Scores, ...]
    moving: int = 0  # bits: whose place among the expiries nobody can tell
    due: int = 0  # bits: whose mark somebody has yet to settle; only kept where moving is looked at


class Gate(NamedTuple):
    """The row in PostgreSQL; `drawn` is the sequence that epochs come from."""

    mode: str
    epoch: int
    drawn: int
    runs: tuple[int, ...]  # per epoch the Redis that it was built in


class Writer(NamedTuple):
    """A write on its way. `late` names the messages that are still travelling."""

    pc: str = "new"
    epoch: int = 0
    seq: int = 0
    before: Image = Image(NOWHERE)
    after: Image = Image(NOWHERE)
    version: int = 0
    late: tuple[str, ...] = ()
    marks: int = 1


class Reader(NamedTuple):
    """A reader, by id or of a page; when idle, only what it may still do."""

    left: int
    pc: str = "idle"
    kind: int = 0  # 0: by id; otherwise the view of the page
    epoch: int = 0
    floors: tuple[int, ...] = ()
    ids: int = 0  # bits: what the page script returned and is yet to be looked at
    counted: int = 0  # bits: in the total
    examined: int = 0  # bits: what the answer speaks about
    shown: tuple[int, ...] = ()
    task: int = 0
    rev: int = 0
    keep: int = 1  # the page may be kept; 2: perhaps (broken variants only)
    until: int = NEVER  # the next expiry in the view, as the page script saw it
    since: int = 0  # when the operation began
    over: Entry = EMPTY  # what the lease replaces
    mine: int = 0  # holds a lease
    version: int = 0


class Kept(NamedTuple):
    """A whole page that a process keeps."""

    epoch: int
    rev: int
    view: int
    shown: tuple[int, ...]
    counted: int
    examined: int
    until: int


class Process(NamedTuple):
    """An API process: the epoch that its lease on the gate allows (0: none), and a page."""

    lease: int
    kept: Kept | tuple[()] = ()


class Builder(NamedTuple):
    """A rebuild."""

    pc: str = "new"
    epoch: int = 0
    task: int = 0
    image: Image = Image(NOWHERE)  # the row as its batch read it


class Scrubber(NamedTuple):
    """A scrub of one id at a time."""

    left: int
    pc: str = "idle"
    epoch: int = 0
    task: int = 0
    over: Entry = EMPTY
    image: Image = Image(NOWHERE)
    version: int = 0


class State(NamedTuple):
    """The whole world at one moment. Everything in it is immutable."""

    gate: Gate
    held: int  # someone keeps the exclusive lock on the gate (broken variants only)
    rows: tuple[tuple[Image, ...], ...]  # per task all committed versions, the first is number 1
    floors: tuple[int, ...]  # per task the least version that a read beginning now may return
    redis: tuple[Keys, ...]  # per epoch
    replica: tuple[Keys, ...]  # a replica that no longer follows, if any
    run: int  # which Redis answers
    now: int
    writers: tuple[Writer, ...]
    readers: tuple[Reader, ...]
    processes: tuple[Process, ...]
    builders: tuple[Builder, ...]
    scrubbers: tuple[Scrubber, ...]
    faults: tuple[int, ...]  # how often each fault may still happen, in the order of FAULTS
    wrong: str = ""


FAULTS = (
    "evict",  # an entry or a lease goes, never a mark
    "crash",  # a process dies in the middle of something
    "unmarked",  # a mark (or a bulk add) fails, or seems to and lands later
    "rollback",  # PostgreSQL refuses the commit
    "unpublished",  # a publish is lost, late, or sent twice
    "abortless",  # an abort is lost or late
    "close",  # somebody asks for closing
    "flush",  # Redis is emptied
    "vanish",  # one index key vanishes
    "failover",  # a replica that stopped following takes over
    "unmark",  # a mark alone vanishes: not survivable
    "beaconed",  # the message that makes the beacons arrives a second time (broken variants only)
)


class Op(NamedTuple):
    """What a writer wants to do."""

    verb: str  # update, create, delete, restore, bulk
    task: int = 0
    view: int = TODO
    until: int = NEVER
    follows: int = -1  # the writer whose transaction this is a part of: a write of two tasks is two writers in step


@dataclass(frozen=True)
class Scope:
    """How much is explored, and what of the protocol is left out."""

    rows: tuple[Image, ...] = (Image(TODO),)
    writers: tuple[Op, ...] = ()
    readers: tuple[tuple[int, ...], ...] = ()  # per reader the kinds it may choose from
    reads: tuple[int, ...] = ()  # per reader how often, if not once
    processes: int = 1
    builders: int = 0
    scrubs: int = 0
    page: int = 2  # tasks on a page
    epochs: int = 2
    clock: int = 0
    start: str = ON
    pauses: bool = False  # processes pause between looking at the lease and the first script
    keep: bool = False  # whole pages are kept
    faults: dict[str, int] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()

    @property
    def gated(self) -> bool:
        """Whether the gate ever moves."""
        return self.start != ON or self.builders > 0 or bool(self.faults.get("close"))

    @property
    def soon(self) -> bool:
        """Whether anybody asks for the order of expiries."""
        return any(SOON in kinds for kinds in self.readers)

    @property
    def bulk(self) -> bool:
        """Whether there are bulk creates to wait for."""
        return any(op.verb == "bulk" for op in self.writers)


Label = tuple[object, ...]
Steps = Iterator[tuple[Label, State]]
T = TypeVar("T")


def put(items: tuple[T, ...], at: int, item: T) -> tuple[T, ...]:
    """The same tuple with one item changed."""
    return (*items[:at], item, *items[at + 1 :])


def spend(s: State, fault: str) -> State:
    """One fault fewer to come."""
    at = FAULTS.index(fault)
    return s._replace(faults=put(s.faults, at, s.faults[at] - 1))


def may(s: State, fault: str) -> bool:
    """Whether this fault may still happen."""
    return s.faults[FAULTS.index(fault)] > 0


def scores(image: Image) -> Scores:
    """Where a version belongs in the indexes."""
    return (image.until if image.view == TODO else 0, image.until if image.view == DONE else 0)


def visible(image: Image, view: int, now: int) -> bool:
    """Whether a reader of this view (0: by id) is to see this version."""
    if view == SOON:
        return image.view == TODO and now < image.until <= 1
    return image.until > now and (image.view == view if view else image.view in VIEWS)


def nothing(scope: Scope) -> Keys:
    """An epoch of which Redis knows nothing."""
    return Keys(0, (0, 0), (EMPTY,) * len(scope.rows), ((0, 0),) * len(scope.rows))


def initial(scope: Scope) -> State:
    """Everything committed, indexed and at rest; or, with the gate off, nothing in Redis."""
    n, on = len(scope.rows), scope.start == ON
    first = nothing(scope)
    if on:
        first = Keys(1, (1, 1), (EMPTY,) * n, tuple(scores(image) for image in scope.rows))
    return State(
        gate=Gate(scope.start, 1, 1, (1,) * scope.epochs),
        held=0,
        rows=tuple((image,) for image in scope.rows),
        floors=(1,) * n,
        redis=(first,) + (nothing(scope),) * (scope.epochs - 1),
        replica=(),
        run=1,
        now=0,
        writers=(Writer(),) * len(scope.writers),
        readers=tuple(map(Reader, scope.reads or (1,) * len(scope.readers))),
        processes=(Process(1 if on else 0),) * scope.processes,
        builders=(Builder(),) * scope.builders,
        scrubbers=(Scrubber(scope.scrubs),) if scope.scrubs else (),
        faults=tuple(scope.faults.get(fault, 0) for fault in FAULTS),
    )
