"""What is known of one task at one moment of a history: how far it has come, and what may have happened since."""

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from math import inf

from tests.faults.facts import Effect, Facts
from tests.faults.history import Seen

# Redis keeps time in milliseconds, so a task can end one too early or too late.
TOLERANCE = 0.002
STATUSES = ("TODO", "IN_PROGRESS", "DONE")


@dataclass(frozen=True, order=True)
class Floor:
    """The least that a reader may see from here on: this version, or, if that one is `gone`, a later one."""

    version: float = 0
    gone: bool = False


@dataclass
class Task:
    """One task. Only what was acknowledged or returned raises the floor; only what has begun may have happened."""

    facts: Facts
    floor: Floor = Floor()
    # Versions that a delete that has begun may have made, rising.
    deletes: list[float] = field(default_factory=list)
    # By view: the highest version that a write that has begun may have made outside of it.
    outside: dict[str, float] = field(default_factory=dict)
    # The highest version that a write that has begun may have made.
    touched: float = 0
    # Versions that a write that has begun may have made, rising, each with the end that it set; infinite: none.
    expiries: list[tuple[float, float]] = field(default_factory=list)

    def begin(self, effect: Effect) -> None:
        """A write begins; from here on it may have taken effect."""
        self.touched = max(self.touched, effect.version)
        if effect.deletes:
            insort(self.deletes, effect.version)
        elif effect.status is not None:
            for status in STATUSES:
                if status != effect.status:
                    self.outside[status] = max(effect.version, self.outside.get(status, 0))
        if effect.expires_at is not None:
            insort(self.expiries, (effect.version, effect.expires_at))

    def reach(self, floor: Floor) -> None:
        """Somebody was told that the task has come this far."""
        self.floor = max(floor, self.floor)

    def at(self, floor: Floor) -> Seen | None:
        """The version, where somebody has seen it."""
        return self.facts.content.get(int(floor.version))

    def may_have_expired(self, since: Floor, wall: float) -> bool:
        """Whether the version that it was at, or one after it, may have ended by this time of day."""
        known = self.at(since)
        ends = [end for _, end in self._expiries_after(since.version)]
        if known and known.expires_at is not None:
            ends.append(known.expires_at)
        return any(end <= wall + TOLERANCE for end in ends)

    def had_expired(self, wall: float) -> bool:
        """Whether the version that it is known to have reached had ended by this time of day."""
        known = self.at(self.floor)
        return known is not None and known.expires_at is not None and known.expires_at < wall

    def deleted_after(self, since: Floor) -> float | None:
        """The first version after this one that may be a delete; none if no delete has begun that may come after it."""
        at = bisect_right(self.deletes, since.version)
        if at == len(self.deletes):
            return None
        # Of a delete whose version is not known, only that it comes later.
        return since.version + 1 if self.deletes[-1] == inf else self.deletes[at]

    def may_have_left(self, status: str, since: Floor) -> bool:
        """Whether a write that has begun may have taken it out of this view after that version."""
        return self.outside.get(status, 0) > since.version

    def may_have_moved(self, known: Seen) -> bool:
        """Whether it may have another place among the expiries since it was seen so, or none any more."""
        was = inf if known.expires_at is None else known.expires_at
        # Expiries are cut to milliseconds; what was asked for is not.
        return any(not abs(end - was) < TOLERANCE for _, end in self._expiries_after(known.version))

    def _expiries_after(self, version: float) -> list[tuple[float, float]]:
        return self.expiries[bisect_right(self.expiries, (version, inf)) :]

    def stands_in(self, view: str | None) -> bool:
        """Whether it is in the view for certain, and stays there until another write begins."""
        floor, known = self.floor, self.at(self.floor)
        if known is None or known.expires_at is not None or floor.gone:
            return False
        if self._expiries_after(floor.version) or self.deleted_after(floor) is not None:
            return False
        return view is None or (known.status == view and not self.may_have_left(view, floor))
