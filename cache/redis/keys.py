"""The names of the keys in Redis: one hash tag for a workspace, and in every key the epoch of its index."""

from uuid import UUID

from db.task import Status

# The order in which the scripts know the views: all tasks, and those of each status.
VIEWS: tuple[Status | None, ...] = (None, "TODO", "IN_PROGRESS", "DONE")
# What each script's view number is: its place in VIEWS, from 1; 0 means "in none".
VIEW_OF: dict[Status, int] = {"TODO": 2, "IN_PROGRESS": 3, "DONE": 4}
# The member that every index holds; an index without it was lost.
BEACON = b""


def epochs_key(workspace: str) -> str:
    """The set of all epochs that have left something in Redis."""
    return f"{{{workspace}}}:epochs"


class Keys:
    """The keys of one epoch of one workspace."""

    def __init__(self, workspace: str, epoch: int) -> None:
        self.epoch = epoch
        prefix = f"{{{workspace}}}:{epoch}:"
        names = ["" if view is None else f":{view}" for view in VIEWS]
        self.rev = f"{prefix}rev".encode()
        self.marks = f"{prefix}marks".encode()
        self.indexes = [f"{prefix}index{name}".encode() for name in names]
        self.expiring = [f"{prefix}expiring{name}".encode() for name in names]
        self.moving = f"{prefix}moving".encode()
        # The number of the last change that was told, and the channel on which it was; the bulk creates not told yet.
        self.changes = f"{prefix}changes".encode()
        self.pending = f"{prefix}pending".encode()
        self.entries = f"{prefix}task:".encode()
        # What every script with the prelude takes first.
        self.prelude = [self.rev, self.marks, *self.indexes, *self.expiring, self.moving]

    def entry(self, id_: UUID) -> bytes:
        """The key of one task."""
        return self.entries + id_.bytes

    def view(self, status: Status | None) -> list[bytes]:
        """What the page script takes."""
        at = VIEWS.index(status)
        return [self.rev, self.indexes[at], self.expiring[at], self.moving]
