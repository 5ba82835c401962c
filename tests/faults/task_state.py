"""The checker's knowledge of one task: its last certain state, and the effects that later writes may have had."""

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from math import inf

from tests.faults.history import ObservedTask
from tests.faults.ledger import TaskRecord, WriteEffect
from tests.faults.views import View, views_of

# Redis keeps time in milliseconds, so a task can expire one too early or too late.
TOLERANCE_SECONDS = 0.002


@dataclass(frozen=True, order=True)
class Floor:
    """The oldest state that a read may return: this version, or only a later one if this one is `deleted`."""

    version: float = 0
    deleted: bool = False


@dataclass
class TaskState:
    """The possible states of a task. Reads and acknowledged writes raise the floor.

    A write that was not acknowledged may or may not have taken effect.
    """

    record: TaskRecord
    floor: Floor = Floor()
    # Versions that an invoked delete may have made, ascending.
    possible_deletes: list[float] = field(default_factory=list)
    # By value: the last version without it that an invoked write may have made.
    last_without: dict[str, float] = field(default_factory=dict)
    # The last version that an invoked write may have made.
    last_possible: float = 0
    # Versions that an invoked write may have made, ascending, with the expiry that it sets; infinite if it removes it.
    possible_expiries: list[tuple[float, float]] = field(default_factory=list)

    def invoke(self, effect: WriteEffect) -> None:
        """Record that a write was invoked: from now on it may have taken effect."""
        self.last_possible = max(self.last_possible, effect.version)
        if effect.deletes:
            insort(self.possible_deletes, effect.version)
        for value in effect.excluded:
            self.last_without[value] = max(effect.version, self.last_without.get(value, 0))
        if effect.expires_at is not None:
            insort(self.possible_expiries, (effect.version, effect.expires_at))

    def raise_floor(self, floor: Floor) -> None:
        """Record that an operation has returned or acknowledged this state of the task."""
        self.floor = max(floor, self.floor)

    def observation(self, floor: Floor) -> ObservedTask | None:
        """Return the task at this floor, if an operation has observed that version."""
        return self.record.versions.get(int(floor.version))

    def may_have_expired(self, since: Floor, wall_time: float) -> bool:
        """Return whether the version at `since`, or a later one, may have expired by this wall-clock time."""
        known = self.observation(since)
        expiries = [expires_at for _, expires_at in self._expiries_after(since.version)]
        if known and known.expires_at is not None:
            expiries.append(known.expires_at)
        return any(expires_at <= wall_time + TOLERANCE_SECONDS for expires_at in expiries)

    def has_expired(self, wall_time: float) -> bool:
        """Return whether the version at the floor had expired at this wall-clock time."""
        known = self.observation(self.floor)
        return known is not None and known.expires_at is not None and known.expires_at < wall_time

    def deleted_after(self, since: Floor) -> float | None:
        """Return the first version after `since` that may be a delete. None if no invoked delete can come after it."""
        position = bisect_right(self.possible_deletes, since.version)
        if position == len(self.possible_deletes):
            return None
        # A delete with an unknown version can only be said to come later.
        return since.version + 1 if self.possible_deletes[-1] == inf else self.possible_deletes[position]

    def may_have_left(self, view: View, since: Floor) -> bool:
        """Return whether an invoked write may have moved the task out of this view after `since`."""
        return any(self.last_without.get(value, 0) > since.version for value in view)

    def expiry_may_have_changed(self, known: ObservedTask) -> bool:
        """Return whether an invoked write may have changed or removed the expiry since this version."""
        previous = inf if known.expires_at is None else known.expires_at
        # The service truncates expiries to milliseconds; the arguments of operations are exact.
        return any(
            not abs(expires_at - previous) < TOLERANCE_SECONDS for _, expires_at in self._expiries_after(known.version)
        )

    def _expiries_after(self, version: float) -> list[tuple[float, float]]:
        return self.possible_expiries[bisect_right(self.possible_expiries, (version, inf)) :]

    def certain_views(self) -> frozenset[View]:
        """Return the views that the task is certainly in, and stays in until another write is invoked."""
        floor, known = self.floor, self.observation(self.floor)
        if known is None or known.expires_at is not None or floor.deleted:
            return frozenset()
        if self._expiries_after(floor.version) or self.deleted_after(floor) is not None:
            return frozenset()
        return frozenset(view for view in views_of(known.values) if not self.may_have_left(view, floor))
