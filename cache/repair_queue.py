"""Ids whose index entry contradicted their row, waiting for the scrub."""

from uuid import UUID

from db.views import View

# A full queue drops ids. A later read or audit finds them again.
MAX_QUEUED_IDS = 10_000

# Ids to scrub, each with the declared views where it was found.
Repairs = dict[UUID, set[View]]


class RepairQueue:
    """A bounded set of ids to scrub."""

    def __init__(self) -> None:
        self.ids: Repairs = {}

    def add(self, id_: UUID, view: View | None = None) -> None:
        """Queue an id for the scrub, with the view where it was found."""
        if id_ not in self.ids and len(self.ids) >= MAX_QUEUED_IDS:
            return
        views = self.ids.setdefault(id_, set())
        if view is not None and not view.is_base:
            views.add(view)

    def take(self, limit: int) -> Repairs:
        """Remove and return up to `limit` ids."""
        return dict(self.ids.popitem() for _ in range(min(limit, len(self.ids))))

    def put_back(self, repairs: Repairs) -> None:
        """Return ids whose scrub failed."""
        for id_, views in repairs.items():
            self.ids.setdefault(id_, set()).update(views)
