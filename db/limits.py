"""The limits on how one process uses the database."""

import time
from dataclasses import dataclass

import psycopg

from db.session_connection import SessionConnection

# A restart of PostgreSQL may take so long without failing a request that waits.
RESTART_SECONDS = 3.0
# How long a request waits for a connection in a longer outage.
OUTAGE_WAIT_SECONDS = 0.5


@dataclass(frozen=True)
class DatabaseLimits:
    """Limits on how one process uses the database."""

    pool_size: int = 10
    statement_timeout_ms: int = 5_000
    transaction_timeout_ms: int = 10_000
    wait_ms: int = 5_000
    # How many requests the process runs at once.
    requests_in_flight: int = 64
    # Whether a pooler in transaction mode lends each transaction another session. Nothing is then set for a session.
    shared_sessions: bool = False

    def __post_init__(self) -> None:
        # PostgreSQL takes 0 as "no limit". A mark in Redis could then expire before its writer's transaction ends.
        if self.transaction_timeout_ms < 1:
            raise ValueError("transaction_timeout_ms must be 1 or more. 0 would turn the limit off.")


class PoolState:
    """What a pool knows of its connections.

    connect_error: why the last attempt to open a connection failed. None if it succeeded.
    """

    def __init__(self) -> None:
        self.in_use: set[SessionConnection] = set()
        self.connect_error: psycopg.Error | None = None
        # When the first attempt failed since the last one that succeeded, by `time.monotonic`.
        self._failed_at: float | None = None

    def report_connect(self, error: psycopg.Error | None) -> None:
        """Record an attempt to open a connection."""
        self.connect_error = error
        if error is None:
            self._failed_at = None
        elif self._failed_at is None:
            self._failed_at = time.monotonic()

    def patience_ends(self, began: float, seconds: float) -> float:
        """Return until when a request that began then waits for a connection, by `time.monotonic`.

        Usually that is `seconds` later. In an outage longer than `RESTART_SECONDS`, it is `OUTAGE_WAIT_SECONDS` later.
        """
        if self._failed_at is None or self.in_use:
            return began + seconds
        return min(began + seconds, max(began + OUTAGE_WAIT_SECONDS, self._failed_at + RESTART_SECONDS))
