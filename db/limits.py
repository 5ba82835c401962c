"""The limits on how one process uses the database."""

from dataclasses import dataclass

import psycopg

from db.session_connection import SessionConnection


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
