"""Counts many requests at once, in short parts of work between the requests."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from cache.usage.entry_memory import SLOTS, EntryMemory
from cache.usage.heavy_hitters import HeavyHitters
from cache.usage.reuse import ReuseSampler

if TYPE_CHECKING:
    from cache.usage.workspace_usage import PageUse, WorkspaceUsage

# The keys of each sketch. 10,000 tasks take about 4 MB.
MAX_TASKS, MAX_PAGES, MAX_TERMS = 10_000, 2000, 1000
# A part of the work follows on so many reads and requests. It adds so many keys to a sketch, which are more, so that a
# batch is in the sketches before the next one is full.
PART_REQUESTS, PART_KEYS = 1000, 2000
# A batch with so many keys is full and goes into the sketches.
MAX_KEYS = 20_000
# In a full batch, one in so many tasks is remembered as one that is in Redis: this takes longer than to count them.
REMEMBERED = 16


class Batches:
    """Batches of the counts of all workspaces, the sketches into which they go, and the sample of reuse distances."""

    def __init__(self, *, is_on: bool) -> None:
        # Tasks that were read from Redis, in their order.
        self.reads: list[bytes] = []
        self.reuse = ReuseSampler()
        self.entry_memory = EntryMemory(SLOTS if is_on else 1)
        self.tasks: HeavyHitters[bytes] = HeavyHitters(MAX_TASKS)
        self.pages: HeavyHitters[PageUse] = HeavyHitters(MAX_PAGES)
        self.terms: HeavyHitters[str] = HeavyHitters(MAX_TERMS)
        # The workspaces with requests that are not counted yet, and those with counts that are in no sketch yet.
        self._requested: set[WorkspaceUsage] = set()
        self._counted: set[WorkspaceUsage] = set()
        self._gathered = self._keys = self._full_batches = 0
        self._draining: Iterator[int] | None = None

    def gathered(self, workspace: "WorkspaceUsage", number: int) -> None:
        """Take note of further reads or requests. After some thousand, do a part of the work on them."""
        self._requested.add(workspace)
        self._gathered += number
        if self._gathered >= PART_REQUESTS:
            parts = self._gathered // PART_REQUESTS
            self._count()
            for _ in range(parts):
                self._advance()

    def added(self, workspace: "WorkspaceUsage", keys: int) -> None:
        """Take note of counts of so many new keys, and do a part of the work on them."""
        self._counted.add(workspace)
        self._keys += keys
        for _ in range(keys // PART_REQUESTS + 1):
            self._advance()

    def parts(self) -> Iterator[None]:
        """Do all work that waits, and yield after each part of it."""
        while self._draining is not None:
            self._advance()
            yield
        self._count()
        self._draining = self._drain(full=False)
        while self._draining is not None:
            self._advance()
            yield

    def _count(self) -> None:
        self._gathered = 0
        self.reuse.observe(self.reads)
        self.reads.clear()
        for workspace in self._requested:
            self._keys += workspace.count_requested()
        self._counted |= self._requested
        self._requested.clear()

    def _advance(self) -> None:
        """Do a part of the work on a full batch."""
        if self._draining is None and self._keys >= MAX_KEYS:
            self._draining = self._drain(full=True)
        done = 0
        while self._draining is not None and done < PART_KEYS:
            keys = next(self._draining, None)
            if keys is None:
                self._draining = None
            else:
                done += keys

    def _drain(self, *, full: bool) -> Iterator[int]:
        """Move the counts into the sketches. Yield up to `PART_KEYS` after work on about so many keys.

        Tasks that were requested once in a full batch are skipped.
        """
        workspaces, self._counted, self._keys = self._counted, set(), 0
        self._full_batches += full
        for workspace in workspaces:
            tasks, pages, terms = workspace.take_counts()
            items, ids, uses = iter(tasks.items()), iter(tasks), iter(pages.items())
            every, first = (REMEMBERED, self._full_batches % REMEMBERED) if full else (1, 0)
            for _ in range(0, len(tasks), PART_KEYS):
                self.tasks.add(workspace.workspace, islice(items, PART_KEYS), least=2 if full else 1)
                if workspace.epoch:
                    part = islice(ids, PART_KEYS)
                    self.entry_memory.remember(islice(part, first, None, every), workspace.epoch)
                yield min(len(tasks), PART_KEYS)
            for _ in range(0, len(pages), PART_KEYS):
                part_of_pages = list(islice(uses, PART_KEYS))
                workspace.count_views(part_of_pages)
                self.pages.add(workspace.workspace, part_of_pages)
                yield len(part_of_pages)
            self.terms.add(workspace.workspace, terms.items())
            yield len(terms)
