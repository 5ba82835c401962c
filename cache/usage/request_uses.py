"""The requests of each operation by each client, in a bounded number of places that workspaces share fairly."""

from msgspec import Struct, field

from db.usage import DURATION_BOUNDS

# Each pair of an operation and a client is counted separately, up to this number. Further pairs of a workspace count
# together.
MAX_OPERATIONS, MAX_NAME_CHARACTERS = 500, 64
# No operation has these names, because GraphQL allows no parentheses in one.
UNNAMED, OTHER = "(unnamed)", "(other)"

# The workspace, the actor, the hash of the document, and the name of the operation.
RequestKey = tuple[str, str, str | None, str | None]


class RequestUse(Struct):
    """The requests of one operation by one client."""

    requests: int = 0
    points: int = 0
    errors: int = 0
    seconds: float = 0.0
    durations: list[int] = field(default_factory=lambda: [0] * (len(DURATION_BOUNDS) + 1))

    def add(self, other: "RequestUse") -> None:
        """Add the requests of another operation."""
        self.requests += other.requests
        self.points += other.points
        self.errors += other.errors
        self.seconds += other.seconds
        self.durations = [mine + its for mine, its in zip(self.durations, other.durations, strict=True)]


class RequestUses:
    """The counts by operation and client. `by_key` has them, and `add_key` makes those of a new key.

    When all places are taken, a workspace that has fewer than another one takes a place of the workspace that has
    most. The counts of this place go to the operation `OTHER` of its workspace.
    """

    def __init__(self, places: int = MAX_OPERATIONS) -> None:
        self._places = places
        self.by_key: dict[RequestKey, RequestUse] = {}
        # The keys that have a place, by workspace, oldest first.
        self._placed: dict[str, list[RequestKey]] = {}
        self._taken = 0

    def add_key(self, key: RequestKey) -> RequestUse:
        """Return where to count a key that is not in `by_key`."""
        workspace, actor, _, name = key
        if name is not None and len(name) > MAX_NAME_CHARACTERS:
            key = (workspace, actor, None, OTHER)
            if (known := self.by_key.get(key)) is not None:
                return known
        if self._taken >= self._places and not self._free_place(workspace):
            return self._other(workspace)
        self._placed.setdefault(workspace, []).append(key)
        self._taken += 1
        use = self.by_key[key] = RequestUse()
        return use

    def _free_place(self, workspace: str) -> bool:
        """Free the latest place of the workspace that has most. Return False if `workspace` would then have more."""
        most = max(self._placed.values(), key=len)
        if len(most) <= len(self._placed.get(workspace, ())) + 1:
            return False
        moved = most.pop()
        self._other(moved[0]).add(self.by_key.pop(moved))
        self._taken -= 1
        return True

    def _other(self, workspace: str) -> RequestUse:
        return self.by_key.setdefault((workspace, OTHER, None, OTHER), RequestUse())
