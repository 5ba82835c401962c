"""A workload of requests for tasks by Zipf's law, whose most requested tasks change."""

import random
from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate


class ZipfWorkload:
    """Requests for `tasks` tasks. The task of a rank is requested in proportion to 1 ÷ rank ** exponent."""

    def __init__(self, tasks: int, exponent: float = 1.0, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._sums = list(accumulate((rank + 1) ** -exponent for rank in range(tasks)))
        self._ids = [self._random.randbytes(16) for _ in range(tasks)]

    def shift(self) -> None:
        """Give every task another rank."""
        self._random.shuffle(self._ids)

    def requests(self, number: int) -> Iterator[bytes]:
        """Yield the ids of so many requests."""
        draw, sums, ids = self._random.random, self._sums, self._ids
        total = sums[-1]
        for _ in range(number):
            yield ids[bisect(sums, draw() * total)]

    def pages(self, number: int, size: int = 50) -> Iterator[list[bytes]]:
        """Yield lists of ids."""
        for _ in range(number):
            yield list(self.requests(size))
