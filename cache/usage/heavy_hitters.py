"""The most requested keys of a process, by a sketch of bounded size."""

from collections.abc import Hashable, Mapping
from heapq import nlargest
from operator import itemgetter
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class HeavyHitters(Generic[Key]):
    """SpaceSaving (Metwally, Agrawal and El Abbadi, 2005), for batches of counts.

    Keeps up to `capacity` keys. A new key begins with the largest estimate that was ever dropped, so no key is dropped
    that was requested more than a `capacity`-th of all times. The counts that `take` returns are exact for as long as a
    key is kept: they leave out earlier requests.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._estimates: dict[Key, int] = {}
        self._untaken: dict[Key, int] = {}
        self._dropped = 0

    def __len__(self) -> int:
        return len(self._estimates)

    def add(self, counts: Mapping[Key, int], least: int = 1) -> None:
        """Add a batch of counts. The memory is that of `capacity` keys and of one batch.

        least: the count from which a key that is not kept is taken in. Lower counts of such keys are lost. In a large
        batch, most keys have a count of 1 and would be dropped at once, which takes most of the time.
        """
        estimates, untaken, dropped = self._estimates, self._untaken, self._dropped
        for key, count in counts.items():
            if key in estimates:
                estimates[key] += count
                untaken[key] = untaken.get(key, 0) + count
            elif count >= least:
                estimates[key] = dropped + count
                untaken[key] = count
        if len(estimates) > self.capacity:
            self._drop()

    def _drop(self) -> None:
        ordered = sorted(self._estimates.values(), reverse=True)
        self._dropped = dropped = ordered[self.capacity]
        self._estimates = kept = {key: estimate for key, estimate in self._estimates.items() if estimate > dropped}
        self._untaken = {key: count for key, count in self._untaken.items() if key in kept}

    def take(self, most: int) -> list[tuple[Key, int]]:
        """Return up to `most` keys with the counts added since they were last returned, the largest counts first.

        The remaining keys wait until their counts are among the largest.
        """
        taken = nlargest(most, self._untaken.items(), key=itemgetter(1))
        for key, _ in taken:
            del self._untaken[key]
        return taken
