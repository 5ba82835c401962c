"""The counts of one process, in bounded memory. `UsageRecorder` stores them."""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from cache.usage.batches import MAX_TASKS, Batches
from cache.usage.entry_memory import EntryMemory
from cache.usage.request_uses import UNNAMED, RequestUses
from cache.usage.rows import Rows
from cache.usage.workspace_usage import WorkspaceUsage
from db.caller import DEFAULT_WORKSPACE
from db.usage import DURATION_BOUNDS, Amounts, document_key, page_key

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


class Usage:
    """What a process counts. `is_on` is False to count nothing; `keeps_terms` counts the texts of searches."""

    def __init__(self, *, is_on: bool = True, keeps_terms: bool = False) -> None:
        self.is_on, self.keeps_terms = is_on, keeps_terms
        self.batches = Batches(is_on=is_on)
        # In the order in which they were last stored.
        self._workspaces: dict[str, WorkspaceUsage] = {}
        self._requests = RequestUses()

    @property
    def entry_memory(self) -> EntryMemory:
        """The memory of the entries in Redis."""
        return self.batches.entry_memory

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
        use = self._requests.by_key.get(key) or self._requests.add_key(key)
        use.requests += 1
        use.points += operation.points or 0
        if operation.outcome != "OK":
            use.errors += 1
        use.seconds += seconds
        use.durations[bisect_left(DURATION_BOUNDS, seconds)] += 1

    def parts(self) -> Iterator[None]:
        """Do the work that `take` would do on the requests, and yield after each part of it.

        A caller that lets other tasks run in between keeps requests from waiting.
        """
        for counts in list(self._workspaces.values()):
            for new_keys in counts.expand_responses():
                self.batches.added(counts, new_keys)
                yield
        yield from self.batches.parts()

    def take(self, now: datetime, now_seconds: float, *, everything: bool = False) -> Rows:
        """Return the rows to store, and reset their counts.

        everything: also rows beyond the `STORED_…` limits, which would wait. now_seconds: a clock that never goes back.
        """
        rows = Rows(now)
        for _ in self.parts():
            pass
        batches = self.batches
        batches.reuse.forget(now_seconds)
        for workspace, page, count in batches.pages.take(STORED_PAGES):
            if page.position is not None:
                key_ = page_key(page.status, page.order, page.first, page.position)
                rows.add(workspace, "page", key_, Amounts(count))
        for workspace, term, count in batches.terms.take(STORED_TERMS):
            rows.add(workspace, "term", term, Amounts(count))
        for range_start, count in batches.reuse.take().items():
            rows.add(DEFAULT_WORKSPACE, "reuse", range_start, Amounts(count))
        self._take_requests(rows)
        self._take_workspaces(rows, None if everything else STORED_WORKSPACES)
        # Last, because these are dropped first if the rows are too many.
        for workspace, id_, count in batches.tasks.take(2 * MAX_TASKS if everything else STORED_TASKS):
            rows.add(workspace, "task", _uuid_text(id_), Amounts(count))
        return rows

    def _take_requests(self, rows: Rows) -> None:
        requests, self._requests = self._requests.by_key, RequestUses()
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
