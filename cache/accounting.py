"""What the store did: hits, misses, statements and round trips, counted once and read by whoever asks."""

from dataclasses import dataclass


@dataclass
class Accounting:
    """Counters since the process began, which only ever rise, and how long the last rebuild took."""

    hits: int = 0
    misses: int = 0
    row_queries: int = 0
    sql_queries: int = 0
    redis_round_trips: int = 0
    degraded_reads: int = 0
    publishes_lost: int = 0
    closings: int = 0
    scrubbed: int = 0
    verified: int = 0
    differences: int = 0
    purged: int = 0
    rebuilds: int = 0
    rebuild_seconds: float = 0.0

    def count_query(self) -> None:
        """One statement was sent to PostgreSQL."""
        self.sql_queries += 1

    def count_round_trip(self) -> None:
        """One round trip to Redis was made."""
        self.redis_round_trips += 1
