"""The counts of one workspace in one process, since they were last stored."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, Self, TypeVar

from db.task import ID_BYTES, Order, Status
from db.usage import DEPTHS, Kind, view_key

if TYPE_CHECKING:
    from cache.usage.usage import Usage

Key = TypeVar("Key")
# So many responses of the page cache are expanded at once.
PART_RESPONSES = 50
PageMissCause = Literal["not_cached", "invalidated", "expired", "rebuilt", "degraded"]


class PageUse(NamedTuple):
    """A page that was requested. position: of its first task, from 0; None if unknown."""

    status: Status | None
    order: Order
    first: int
    position: int | None


class Requested:
    """What one request has read from Redis: pages, and ids of tasks. reads: the number of pages and totals."""

    __slots__ = ("ids", "pages", "reads")

    def __init__(self) -> None:
        self.pages: list[PageUse] = []
        self.ids: list[bytes] = []
        self.reads = 0


class Content(NamedTuple):
    """What a cached response contains, as `Requested`. The ids are one string."""

    pages: tuple[PageUse, ...]
    ids: bytes
    reads: int

    @classmethod
    def of(cls, requested: Requested) -> Self:
        """Return what a request has read."""
        return cls(tuple(requested.pages), b"".join(requested.ids), requested.reads)


class UsedResponse(Protocol):
    """A cached response that counts its uses since they were last taken."""

    uses: int
    content: Content | None


class WorkspaceUsage:
    """Counts of a workspace. Those of many keys are bounded by `Batches`, which takes them when there are too many.

    A request only appends what it has requested to lists. `count_requested` counts them later, many at once.
    """

    def __init__(self, usage: "Usage", workspace: str) -> None:
        self._usage, self._batches = usage, usage.batches
        self.workspace = workspace
        # Whether anything is counted.
        self.is_on = usage.is_on
        self.counters: Counter[str] = Counter()
        self.causes: Counter[str] = Counter()
        self.page_causes: Counter[str] = Counter()
        self._requested_tasks: list[bytes] = []
        self._requested_pages: list[PageUse] = []
        self._requested_terms: list[str] = []
        self.tasks: Counter[bytes] = Counter()
        self.pages: Counter[PageUse] = Counter()
        self.views: Counter[str] = Counter()
        self.depths: Counter[int] = Counter()
        self.searches: Counter[str] = Counter()
        self.terms: Counter[str] = Counter()
        self.responses: list[UsedResponse] = []
        # The epoch of the index in which the tasks are.
        self.epoch = 0
        # Whether the workspace is no longer open in this process.
        self.closed = False

    def few_keys(self) -> list[tuple[Kind, Counter[Any]]]:
        """Return the counts whose keys are few, by the kind of their rows."""
        return [
            ("counter", self.counters),
            ("cause", self.causes),
            ("page_cause", self.page_causes),
            ("view", self.views),
            ("depth", self.depths),
            ("search", self.searches),
        ]

    def count_hits(self, number: int) -> None:
        """Count tasks that a read found in Redis."""
        self.counters["hits"] += number

    def count_page_of_hits(self, ids: Sequence[bytes]) -> None:
        """Count a page that was read from Redis and whose tasks were all there."""
        if self.is_on:
            counters, number = self.counters, len(ids)
            counters["hits"] += number
            counters["queries_saved"] += 1
            self._batches.reads += ids
            self._requested_tasks += ids
            self._batches.gathered(self, 2 * number)

    def count_saved(self) -> None:
        """Count a read that needed no SQL query."""
        self.counters["queries_saved"] += 1

    def count_misses(self, ids: Sequence[bytes], changing: set[bytes], epoch: int) -> None:
        """Count tasks that were not in Redis. changing: ids that a write has marked."""
        if not ids or not self.is_on:
            return
        self.epoch = epoch
        self.counters["misses"] += len(ids)
        absent = [id_ for id_ in ids if id_ not in changing] if changing else ids
        self.causes["changed"] += len(ids) - len(absent)
        self.causes.update(self._batches.entry_memory.missing(absent, epoch))

    def count_degraded_read(self) -> None:
        """Count a read that PostgreSQL answers in place of Redis."""
        self.counters["degraded_reads"] += 1

    def count_degraded(self, tasks: int) -> None:
        """Count tasks that PostgreSQL returned in place of Redis."""
        self.causes["degraded"] += tasks

    def count_reads(self, ids: Sequence[bytes]) -> None:
        """Count ids that were looked up in Redis, in their order."""
        if self.is_on:
            self._batches.reads += ids
            self._batches.gathered(self, len(ids))

    def count_tasks(self, ids: Sequence[bytes]) -> None:
        """Count tasks that were requested."""
        if self.is_on:
            self._requested_tasks += ids
            self._batches.gathered(self, len(ids))

    def count_page(self, page: PageUse) -> None:
        """Count a page that was requested."""
        if self.is_on:
            self._requested_pages.append(page)
            self._batches.gathered(self, 1)

    def count_search(self, kind: str, term: str | None = None) -> None:
        """Count a search. The term is counted only if terms are stored."""
        if self.is_on:
            self.searches[kind] += 1
            if term is not None and self._usage.keeps_terms:
                self._requested_terms.append(term)
                self._batches.gathered(self, 1)

    def count_page_hit(self, response: UsedResponse) -> None:
        """Count a response of the page cache. What it contains is counted later, once for all of its uses."""
        if not response.uses and self.is_on:
            self.responses.append(response)
        response.uses += 1

    def count_page_miss(self, cause: PageMissCause, *, looked_up: bool = True) -> None:
        """Count a response that the page cache did not have. looked_up: whether it counts as a miss."""
        self.counters["page_misses"] += looked_up
        self.page_causes[cause] += 1

    def count_requested(self) -> int:
        """Count the appended keys. Return the number of new keys."""
        before = self._keys()
        self.tasks.update(self._requested_tasks)
        self._requested_tasks.clear()
        if self._requested_pages:
            self.pages.update(self._requested_pages)
            self._requested_pages.clear()
        if self._requested_terms:
            self.terms.update(self._requested_terms)
            self._requested_terms.clear()
        return self._keys() - before

    def _keys(self) -> int:
        return len(self.tasks) + len(self.pages) + len(self.terms)

    def take_counts(self) -> tuple[Counter[bytes], Counter[PageUse], Counter[str]]:
        """Return the counts of tasks, pages and terms, and reset them."""
        taken = self.tasks, self.pages, self.terms
        self.tasks, self.pages, self.terms = Counter(), Counter(), Counter()
        return taken

    def count_views(self, pages: Iterable[tuple[PageUse, int]]) -> None:
        """Count pages by view and depth."""
        for page, count in pages:
            self.views[view_key(page.status, page.order)] += count
            if page.position is not None:
                self.depths[DEPTHS[bisect_right(DEPTHS, page.position) - 1]] += count

    def expand_responses(self) -> Iterator[int]:
        """Count what the used responses of the page cache contain. Yield the number of new keys after each part."""
        responses, self.responses = self.responses, []
        for start in range(0, len(responses), PART_RESPONSES):
            before = self._keys()
            self._expand(responses[start : start + PART_RESPONSES])
            yield self._keys() - before

    def _expand(self, responses: Sequence[UsedResponse]) -> None:
        for response in responses:
            uses, response.uses = response.uses, 0
            self.counters["page_hits"] += uses
            if (content := response.content) is not None:
                self.counters["queries_saved"] += uses * content.reads
                _add_times(self.pages, content.pages, uses)
                ids = content.ids
                _add_times(self.tasks, [ids[at : at + ID_BYTES] for at in range(0, len(ids), ID_BYTES)], uses)


def _add_times(counts: Counter[Key], keys: Sequence[Key], times: int) -> None:
    for key in keys:
        counts[key] += times
