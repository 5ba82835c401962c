"""A scope: which participants and faults an exploration has, and which rules of the protocol it omits."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from tests.model.state import (
    EMPTY,
    EXPIRING_SOON,
    FAULTS,
    NEVER,
    ON,
    TODO,
    Builder,
    Dropper,
    Gate,
    Keys,
    Process,
    Reader,
    RowVersion,
    Scrubber,
    State,
    Writer,
    scores,
)


class Write(NamedTuple):
    """The operation of one writer."""

    kind: str  # update, create, delete, restore, bulk
    task: int = 0
    view: int = TODO
    expires_at: int = NEVER
    # The index of the writer that this one shares a transaction with: a write of two tasks is two writers in lockstep.
    leader: int = -1


@dataclass(frozen=True)
class Scope:
    """The bounds of an exploration."""

    rows: tuple[RowVersion, ...] = (RowVersion(TODO),)
    writers: tuple[Write, ...] = ()
    readers: tuple[tuple[int, ...], ...] = ()  # per reader: the kinds of read that it may choose from
    reads: tuple[int, ...] = ()  # per reader: how many reads it makes, if not one
    processes: int = 1
    builders: int = 0
    scrubs: int = 0
    drops: int = 0
    page_size: int = 2
    epochs: int = 2
    end_time: int = 0
    start: str = ON  # the gate's mode in the initial state
    pauses: bool = False  # processes may pause between checking the lease and the first script
    page_cache: bool = False  # processes cache whole pages
    counts_after_page: bool = False  # an operation with a page also asks for its total, in a script of its own
    sign: str = "run"  # the sign of lost commits: the run (history); `nonce` or `lsn` in broken variants
    two_formats: bool = False  # a reader may be of a release that cannot decode the value it finds
    faults: dict[str, int] = field(default_factory=dict)  # how often each of FAULTS may occur
    omitted: frozenset[str] = frozenset()  # rules of the protocol that are left out

    @property
    def gate_moves(self) -> bool:
        """Whether the gate ever leaves its initial mode."""
        faults = self.faults.get("close"), self.faults.get("restore")
        return self.start != ON or self.builders + self.drops > 0 or any(faults)

    @property
    def has_expiry_pages(self) -> bool:
        """Whether a reader may ask for a page ordered by expiry."""
        return any(EXPIRING_SOON in kinds for kinds in self.readers)

    @property
    def has_bulk_creates(self) -> bool:
        """Whether a writer is a bulk create."""
        return any(write.kind == "bulk" for write in self.writers)

    def is_bulk(self, index: int) -> bool:
        """Whether this writer is a bulk create."""
        return self.writers[index].kind == "bulk"

    def only_bulk_creates(self, task: int) -> bool:
        """Whether no writer marks this task."""
        return all(write.kind == "bulk" for write in self.writers if write.task == task)


class Variant(NamedTuple):
    """The protocol without some of its rules, and a scope in which that matters.

    `violation` is a part of the expected violation; empty if none is expected.
    """

    name: str
    omits: tuple[str, ...]
    scope: Scope
    violation: str

    def broken_scope(self) -> Scope:
        """Return the scope without the rules."""
        return replace(self.scope, omitted=frozenset(self.omits))


def empty_keys(scope: Scope) -> Keys:
    """Return the keys of an epoch that Redis holds nothing of."""
    return Keys(0, (0, 0), (EMPTY,) * len(scope.rows), ((0, 0),) * len(scope.rows))


def initial_state(scope: Scope) -> State:
    """Return the initial state: every row committed and indexed; with the gate off, Redis is empty."""
    tasks, on = len(scope.rows), scope.start == ON
    first_epoch = empty_keys(scope)
    if on:
        first_epoch = Keys(1, (1, 1), (EMPTY,) * tasks, tuple(map(scores, scope.rows)))
    return State(
        gate=Gate(scope.start, 1, 1, (1,) * scope.epochs, (1,) * scope.epochs),
        gate_locked=0,
        rows=tuple((row,) for row in scope.rows),
        floors=(1,) * tasks,
        redis=(first_epoch,) + (empty_keys(scope),) * (scope.epochs - 1),
        replica=(),
        run_id=1,
        now=0,
        writers=(Writer(),) * len(scope.writers),
        readers=tuple(map(Reader, scope.reads or (1,) * len(scope.readers))),
        processes=(Process(1 if on else 0),) * scope.processes,
        builders=(Builder(),) * scope.builders,
        scrubbers=(Scrubber(scope.scrubs),) if scope.scrubs else (),
        droppers=(Dropper(),) * scope.drops,
        faults_left=tuple(scope.faults.get(fault, 0) for fault in FAULTS),
    )
