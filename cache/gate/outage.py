"""Logs that the gates cannot be read, without a line for each attempt."""

import structlog

from cache.gate.lease import clock
from db.errors import DatabaseError, explain

log = structlog.get_logger(__name__)

# An outage is logged again after this time, and at once if its reason changes.
REPEAT_SECONDS = 30.0


class Outage:
    """The time in which a process cannot read the gates."""

    def __init__(self) -> None:
        self._began_at: float | None = None
        self._logged: tuple[str, float] | None = None

    def report(self, error: DatabaseError) -> None:
        """Record a failed attempt."""
        reason, now = explain(error), clock()
        self._began_at = now if self._began_at is None else self._began_at
        if self._logged is None or self._logged[0] != reason or now - self._logged[1] >= REPEAT_SECONDS:
            self._logged = reason, now
            log.warning("cannot read the gate", reason=reason, seconds=round(now - self._began_at, 1))

    def end(self) -> None:
        """Record an attempt that succeeded."""
        if self._began_at is not None:
            log.info("the gate can be read again", seconds=round(clock() - self._began_at, 1))
            self._began_at = self._logged = None
