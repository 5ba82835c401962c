"""Names of the Redis keys. A workspace has one hash tag, and every key holds the epoch of its index."""

from collections.abc import Sequence
from uuid import UUID

from db.task import ID_BYTES, Status

# The views in the order that the scripts number them from 1: all tasks, then each status.
VIEWS: tuple[Status | None, ...] = (None, "TODO", "IN_PROGRESS", "DONE")
# The number of a status's view in the scripts. 0 means that the task belongs in no view.
VIEW_OF: dict[Status, int] = {"TODO": 2, "IN_PROGRESS": 3, "DONE": 4}
# The sentinel member of every sorted set and of `moving`. A set without its beacon was lost.
BEACON = b""
# Precedes an id in `moving` whose position by creation is unknown.
CREATED = b"c"


def epochs_key(workspace: str) -> str:
    """Return the key of the set of all epochs that may have keys in Redis."""
    return f"{{{workspace}}}:epochs"


def ended_server_key(workspace: str, server_start: str) -> bytes:
    """Return the key of the note that a server of PostgreSQL was followed by another one."""
    return f"{{{workspace}}}:ended:{server_start}".encode()


def points_key(workspace: str, holder: str = "") -> bytes:
    """Return the key of the token bucket of a workspace, or of one of its callers. An index does not need it."""
    return f"{{{workspace}}}:points:{holder}".encode()


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
        # The number of the last feed event, which is also the name of the feed's channel.
        self.changes = f"{prefix}changes".encode()
        # The transactions of bulk creates whose tasks are not in the indexes yet, scored by the time of their record.
        self.unsettled = f"{prefix}unsettled".encode()
        # The shapes of declared views in use, the views that may hold ids in flight, ids whose place in a declared
        # order is in doubt, every generation whose sets may exist, and ids that have expired and left the base index.
        # views.lua describes them.
        self.shapes = f"{prefix}shapes".encode()
        self.holding = f"{prefix}holding".encode()
        self.reordering = f"{prefix}reordering".encode()
        self.generations = f"{prefix}generations".encode()
        self.swept = f"{prefix}swept".encode()
        self.sweeps = f"{prefix}sweeps".encode()
        self._views = f"{prefix}v".encode()
        # Exists after a warm start of this index, for as long as the entries that it has filled.
        self.warm = f"{prefix}warm".encode()
        self.entries = f"{prefix}task:".encode()
        # The keys that every script with the prelude takes first; prelude.lua numbers them.
        self.prelude = [self.rev, self.marks, *self.indexes, *self.expiring, self.moving]
        # Redis's format of the command MGET with `rev`, up to the first entry, and of what precedes each id.
        self._read_head = b"$4\r\nMGET\r\n$%d\r\n%b" % (len(self.rev), self.rev)
        self._entry_head = b"\r\n$%d\r\n%b" % (len(self.entries) + ID_BYTES, self.entries)

        # The packed commands TIME and GET of `rev`.
        self.check_command = b"*1\r\n$4\r\nTIME\r\n*2\r\n$3\r\nGET\r\n$%d\r\n%b\r\n" % (len(self.rev), self.rev)

    def entry(self, id_: UUID) -> bytes:
        """Return the key of one task's entry."""
        return self.entries + id_.bytes

    def record(self, transaction: bytes) -> bytes:
        """Return the key of the record of one bulk create: its tasks, and where they belong."""
        return b"%b:%b" % (self.unsettled, transaction)

    def view_sets(self, generation: bytes, key: bytes) -> tuple[bytes, bytes]:
        """Return the keys of the index and of `expiring` of a declared view."""
        return b"%b%b:i:%b" % (self._views, generation, key), b"%b%b:e:%b" % (self._views, generation, key)

    @property
    def all_view_sets(self) -> bytes:
        """The pattern of the keys of all sets of declared views."""
        return self._views + b"*"

    def split_view_set(self, key: bytes) -> tuple[bytes, bytes, bytes]:
        """Return the generation, the kind ("i" for an index) and the rest of the key of a set of declared views."""
        generation, kind, values, *_ = (*key[len(self._views) :].split(b":", 2), b"", b"")
        return generation, kind, values

    def order_sets(self, generation: bytes, key: bytes) -> tuple[bytes, bytes]:
        """Return the keys of a declared view in the orders DUE_FIRST and PRIORITY_FIRST."""
        return b"%b%b:d:%b" % (self._views, generation, key), b"%b%b:p:%b" % (self._views, generation, key)

    def view_values(self, generation: bytes, dimension: int) -> bytes:
        """Return the key of the views of a shape, each with its value in a dimension (from 1) as the last."""
        return b"%b%b:values:%d" % (self._views, generation, dimension)

    def given_up(self, shape: str) -> bytes:
        """Return the key that exists while a shape is not built, because Redis had no memory for it."""
        return self.shapes + b":given_up:" + shape.encode()

    def touched(self, generation: bytes) -> bytes:
        """Return the key of the ids that were written while the sets of a shape are being built."""
        return b"%b%b:touched" % (self._views, generation)

    def read_command(self, ids: Sequence[bytes]) -> bytes:
        """Return the packed command that reads `rev` and the entries of the ids, in one reply.

        The keys differ only in the id, so this takes a tenth of the time of packing the command with all its keys.
        """
        return b"*%d\r\n%b%b\r\n" % (len(ids) + 2, self._read_head, self._entry_head.join((b"", *ids)))

    def page(self, status: Status | None) -> list[bytes]:
        """Return the keys of the page script for one view."""
        number = VIEWS.index(status)
        return [self.rev, self.indexes[number], self.expiring[number], self.moving, self.entries]
