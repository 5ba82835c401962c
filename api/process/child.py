"""Child processes of the supervisor, and when to start each again."""

import time
from dataclasses import dataclass, field
from typing import Protocol

import structlog

# A client that reaches a dead worker waits in the worker's socket, and most clients give up after ten seconds.
_MAX_PAUSE_SECONDS = 2.0
_FIRST_PAUSE_SECONDS = 0.1
# A child that ran for this long did not fail at its start.
_STABLE_SECONDS = 10.0

log = structlog.get_logger(__name__)


class Child(Protocol):
    """A process that the supervisor starts again when it ends."""

    name: str

    def start(self) -> None: ...

    def is_running(self) -> bool: ...


@dataclass
class SupervisedChild:
    """A child with its failed starts in a row and the time of its next start (in `time.monotonic` seconds)."""

    child: Child
    failures: int = 0
    started: float = field(default_factory=time.monotonic)
    restart_at: float | None = None

    def restart_if_dead(self) -> None:
        """Start the child again if it ended, after a pause that doubles with each failure in a row."""
        now = time.monotonic()
        if self.restart_at is None and not self.child.is_running():
            stable = now - self.started > _STABLE_SECONDS
            self.failures = 1 if stable else self.failures + 1
            # The exponent is bounded, because a float cannot hold a large power.
            pause_seconds = min(_FIRST_PAUSE_SECONDS * 2 ** min(self.failures - 1, 10), _MAX_PAUSE_SECONDS)
            self.restart_at = now + pause_seconds
            log.warning("child process died, restarting", child=self.child.name, pause_seconds=pause_seconds)
        elif self.restart_at is not None and now >= self.restart_at:
            self.restart_at = None
            self.started = now
            self.child.start()
