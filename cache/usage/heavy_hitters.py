"""The most requested keys of a process, by a sketch of bounded size."""

from collections.abc import Hashable, Iterable
from heapq import nlargest
from itertools import chain
from operator import itemgetter
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class HeavyHitters(Generic[Key]):
    """SpaceSaving (Metwally, Agrawal and El Abbadi, 2005), for batches of counts of several workspaces.

    Keeps `capacity` keys, and up to half as many more until these are dropped together. A new key begins with the
    largest estimate that was ever dropped. So a key stays if more than a `capacity`-th of the counts that were taken in
    are of this key. The counts that `take` returns are never too high. They leave out requests before a key
    was taken in: also the counts that `add` skips.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        # By workspace: a key with the name of the workspace would have to be built for every count.
        self._estimates: dict[str, dict[Key, int]] = {}
        self._untaken: dict[str, dict[Key, int]] = {}
        self._size = self._dropped = 0

    def __len__(self) -> int:
        return self._size

    def add(self, workspace: str, counts: Iterable[tuple[Key, int]], least: int = 1) -> None:
        """Add counts of different keys.

        least: smaller counts are skipped. In a large batch, most keys have a count of 1, and looking for them among
        the kept keys would take most of the time.
        """
        estimates, untaken = self._estimates.setdefault(workspace, {}), self._untaken.setdefault(workspace, {})
        size, dropped = len(estimates), self._dropped
        for key, count in counts:
            if count < least:
                continue
            if key in estimates:
                estimates[key] += count
                untaken[key] = untaken.get(key, 0) + count
            else:
                estimates[key] = dropped + count
                untaken[key] = count
        self._size += len(estimates) - size
        if self._size > self.capacity * 3 // 2:
            self._drop()

    def _drop(self) -> None:
        ordered = sorted(chain.from_iterable(each.values() for each in self._estimates.values()), reverse=True)
        self._dropped = dropped = ordered[self.capacity]
        for workspace, estimates in list(self._estimates.items()):
            untaken = self._untaken[workspace]
            for key in [key for key, estimate in estimates.items() if estimate <= dropped]:
                del estimates[key]
                untaken.pop(key, None)
            if not estimates:
                del self._estimates[workspace], self._untaken[workspace]
        self._size = sum(map(len, self._estimates.values()))

    def take(self, most: int) -> list[tuple[str, Key, int]]:
        """Return up to `most` keys, the largest counts first: workspace, key, and its count since the last return.

        The rest waits until its counts are among the largest.
        """
        waiting = ((workspace, *item) for workspace, counts in self._untaken.items() for item in counts.items())
        taken = nlargest(most, waiting, key=itemgetter(2))
        for workspace, key, _ in taken:
            del self._untaken[workspace][key]
        return taken
