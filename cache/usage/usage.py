"""The counts of one process, in bounded memory. `UsageRecorder` stores them."""

from bisect import bisect_left, bisect_right
from collections import Counter
from datetime import datetime
from typing import Protocol

from msgspec import Struct, field

from cache.usage.entry_memory import SLOTS, EntryMemory
from cache.usage.heavy_hitters import HeavyHitters
from cache.usage.reuse import ReuseSampler
from cache.usage.rows import Rows
from cache.usage.workspace_usage import PageUse, WorkspaceUsage
from db.caller import DEFAULT_WORKSPACE
from db.task import ID_BYTES
from db.usage import DEPTHS, DURATION_BOUNDS, Amounts, document_key, page_key, view_key

# The keys of each sketch. 10,000 tasks take about 4 MB.
MAX_TASKS, MAX_PAGES, MAX_TERMS = 10_000, 2000, 1000
# So many requests of tasks gather before they go into the sketch.
MAX_GATHERED = 20_000
# Each operation of each client is counted separately, up to this number. Further ones count together.
MAX_OPERATIONS, MAX_NAME_CHARACTERS = 500, 64
# No operation has these names, because GraphQL allows no parentheses in one.
UNNAMED, OTHER = "(unnamed)", "(other)"
# The rows of each kind that are stored at once. The rest waits.
STORED_TASKS, STORED_PAGES, STORED_TERMS, STORED_WORKSPACES = 500, 100, 100, 200


class EndedOperation(Protocol):
    """An operation that has ended. points: its cost."""

    @property
    def outcome(self) -> str: ...
    @property
    def name(self) -> str | None: ...
    @property
    def document_hash(self) -> str | None: ...
    @property
    def points(self) -> int | None: ...


class RequestUse(Struct):
    """The requests of one operation by one client."""

    requests: int = 0
    points: int = 0
    errors: int = 0
    seconds: float = 0.0
    durations: list[int] = field(default_factory=lambda: [0] * (len(DURATION_BOUNDS) + 1))


class Usage:
    """What a process counts. `is_on` is False to count nothing; `keeps_terms` counts the texts of searches."""

    def __init__(self, *, is_on: bool = True, keeps_terms: bool = False) -> None:
        self.is_on, self.keeps_terms = is_on, keeps_terms
        self.entry_memory = EntryMemory(SLOTS if is_on else 1)
        self.reuse = ReuseSampler()
        # The keys are the name of the workspace and the 16 bytes of the id.
        self._tasks: HeavyHitters[bytes] = HeavyHitters(MAX_TASKS)
        self._pages: HeavyHitters[tuple[str, PageUse]] = HeavyHitters(MAX_PAGES)
        self._terms: HeavyHitters[tuple[str, str]] = HeavyHitters(MAX_TERMS)
        self._gathered = 0
        # In the order in which they were last stored.
        self._workspaces: dict[str, WorkspaceUsage] = {}
        self._requests: dict[tuple[str, str, str | None, str | None], RequestUse] = {}

    def of(self, workspace: str) -> WorkspaceUsage:
        """Return the counts of a workspace."""
        found = self._workspaces.get(workspace)
        if found is None:
            found = self._workspaces[workspace] = WorkspaceUsage(self, workspace)
        found.closed = False
        return found

    def forget(self, workspace: str) -> None:
        """Forget a workspace that is closed, once its counts are stored."""
        if (found := self._workspaces.get(workspace)) is not None:
            found.closed = True

    def count_request(self, workspace: str, actor: str, operation: EndedOperation, seconds: float) -> None:
        """Count a request that has ended. Its outcome is OK or the code of an error."""
        if not self.is_on:
            return
        key = (workspace, actor, operation.document_hash, operation.name)
        use = self._requests.get(key) or self._new_request(key)
        use.requests += 1
        use.points += operation.points or 0
        if operation.outcome != "OK":
            use.errors += 1
        use.seconds += seconds
        use.durations[bisect_left(DURATION_BOUNDS, seconds)] += 1

    def _new_request(self, key: tuple[str, str, str | None, str | None]) -> RequestUse:
        workspace, _, _, name = key
        if len(self._requests) >= MAX_OPERATIONS:
            key = (workspace, OTHER, None, OTHER)
        elif name is not None and len(name) > MAX_NAME_CHARACTERS:
            key = (*key[:2], None, OTHER)
        return self._requests.setdefault(key, RequestUse())

    def note_gathered(self, number: int) -> None:
        """Record further counts of kinds with many keys. Move them to the sketches from `MAX_GATHERED` on."""
        self._gathered += number
        if self._gathered >= MAX_GATHERED:
            self._drain(least=2)

    def _drain(self, least: int = 1) -> None:
        self._gathered = 0
        for workspace, counts in self._workspaces.items():
            if counts.tasks:
                tasks, counts.tasks = counts.tasks, Counter()
                prefix = workspace.encode()
                self._tasks.add({prefix + id_: count for id_, count in tasks.items()}, least)
                if counts.epoch:
                    self.entry_memory.remember(tasks, counts.epoch)
            if counts.pages:
                pages, counts.pages = counts.pages, Counter()
                self._pages.add({(workspace, page): count for page, count in pages.items()})
                for page, count in pages.items():
                    counts.views[view_key(page.status, page.order)] += count
                    if page.position is not None:
                        counts.depths[DEPTHS[bisect_right(DEPTHS, page.position) - 1]] += count
            if counts.terms:
                terms, counts.terms = counts.terms, Counter()
                self._terms.add({(workspace, term): count for term, count in terms.items()})

    def take(self, now: datetime, now_seconds: float, *, everything: bool = False) -> Rows:
        """Return the rows to store, and reset their counts.

        everything: also rows beyond the `STORED_…` limits, which would wait. now_seconds: a clock that never goes back.
        """
        rows = Rows(now)
        # First what the responses of the page cache contain, then the sketches.
        for counts in self._workspaces.values():
            counts.expand_responses()
        self._drain()
        self.reuse.forget(now_seconds)
        for key, count in self._tasks.take(MAX_TASKS if everything else STORED_TASKS):
            rows.add(key[:-ID_BYTES].decode(), "task", _uuid_text(key[-ID_BYTES:]), Amounts(count))
        for (workspace, page), count in self._pages.take(STORED_PAGES):
            if page.position is not None:
                key_ = page_key(page.status, page.order, page.first, page.position)
                rows.add(workspace, "page", key_, Amounts(count))
        for (workspace, term), count in self._terms.take(STORED_TERMS):
            rows.add(workspace, "term", term, Amounts(count))
        for range_start, count in self.reuse.take().items():
            rows.add(DEFAULT_WORKSPACE, "reuse", range_start, Amounts(count))
        self._take_requests(rows)
        self._take_workspaces(rows, None if everything else STORED_WORKSPACES)
        return rows

    def _take_requests(self, rows: Rows) -> None:
        requests, self._requests = self._requests, {}
        for (workspace, actor, hash_, name), use in requests.items():
            amounts = Amounts(use.requests, use.points, use.errors, use.seconds, use.durations)
            rows.add(workspace, "operation", document_key(hash_, name or UNNAMED), amounts)
            sent = Amounts(use.requests, use.points, use.errors, use.seconds)
            rows.add(workspace, "client", actor, sent)
            rows.add(workspace, "sender", document_key(hash_, actor), sent)

    def _take_workspaces(self, rows: Rows, most: int | None) -> None:
        for workspace, counts in list(self._workspaces.items())[:most]:
            del self._workspaces[workspace]
            _add_all(rows, counts)
            if not counts.closed:
                self._workspaces[workspace] = counts  # now the last one


def _add_all(rows: Rows, counts: WorkspaceUsage) -> None:
    """Move the counts of a workspace with few keys to the rows."""
    for kind, numbers in counts.few_keys():
        for key, number in numbers.items():
            if number:
                rows.add(counts.workspace, kind, str(key), Amounts(number))
        numbers.clear()


def _uuid_text(id_: bytes) -> str:
    text = id_.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
