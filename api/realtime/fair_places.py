"""Places that long-lived streams hold for their workspaces: none can keep others out."""

from collections.abc import Callable

End = Callable[[str], None]
_REPLACED = "The worker has reached its limit, and other workspaces have fewer streams. Try again later."


class FairPlaces:
    """Counts what each workspace holds, up to a limit, and takes places back from the workspace that holds most.

    One workspace alone may hold all places. When they are held, a workspace that holds fewer than its part gets the
    newest place of the workspace that holds most. The part is the limit divided by the number of workspaces that hold
    places. Unlike a request, a stream may last for days, so it is closed rather than waited for.
    """

    __slots__ = ("_held", "_limit", "count")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.count = 0
        # What ends each holder, the oldest first.
        self._held: dict[str, dict[object, End]] = {}

    def allows(self, workspace: str) -> bool:
        """Return whether a workspace may hold one more place."""
        return self.count < self._limit or self._giver(workspace) is not None

    def take(self, workspace: str, holder: object, end: End) -> bool:
        """Hold a place, or return False if there is none for this workspace. Call `release` at the end.

        `end` is called with a reason if another workspace gets the place.
        """
        if self.count >= self._limit:
            giver = self._giver(workspace)
            if giver is None:
                return False
            _, end_other = giver.popitem()
            self.count -= 1
            end_other(_REPLACED)
        self._held.setdefault(workspace, {})[holder] = end
        self.count += 1
        return True

    def release(self, workspace: str, holder: object) -> None:
        """Give a place back, unless another workspace has got it."""
        held = self._held.get(workspace, {})
        if held.pop(holder, None) is not None:
            self.count -= 1
            if not held:
                del self._held[workspace]

    def _giver(self, workspace: str) -> dict[object, End] | None:
        """Return the places from which a workspace gets one while all are held. None if it holds its part."""
        mine = len(self._held.get(workspace, ()))
        most = max(self._held.values(), key=len)
        # To take a place from a workspace that then holds fewer would only let both take turns.
        if mine >= self._limit // (len(self._held) + (mine == 0)) or len(most) < mine + 2:
            return None
        return most
