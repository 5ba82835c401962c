"""Ids whose index entry contradicted their row, waiting for the scrub."""

from uuid import UUID

# A full queue drops ids. A later read or audit finds them again.
MAX_QUEUED_IDS = 10_000


class RepairQueue:
    """A bounded set of ids to scrub."""

    def __init__(self) -> None:
        self.ids: set[UUID] = set()

    def add(self, id_: UUID) -> None:
        """Queue an id for the scrub."""
        if len(self.ids) < MAX_QUEUED_IDS:
            self.ids.add(id_)

    def take(self, limit: int) -> list[UUID]:
        """Remove and return up to `limit` ids."""
        return [self.ids.pop() for _ in range(min(limit, len(self.ids)))]

    def put_back(self, ids: list[UUID]) -> None:
        """Return ids whose scrub failed."""
        self.ids.update(ids)
