"""Pages of a search or a filter: positions from PostgreSQL, the tasks through the loader."""

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass
from uuid import UUID

from cache.reads.session import Session
from cache.redis.encoded_task import EncodedTask
from db.filters import RowFilter, matching_filter
from db.pages import NEWEST_POSITION, OLDEST_POSITION, Direction, Position
from db.replica import search
from db.search import matching_words
from db.task import Status
from db.words import tsquery

# Of the text of a search, this much is stored, if the texts are stored.
MAX_TERM_CHARACTERS = 200


@dataclass(frozen=True)
class SearchPage:
    """Matching tasks in their order, and whether there are more before and after."""

    tasks: list[EncodedTask]
    has_before: bool
    has_after: bool

    def last(self, count: int) -> "SearchPage":
        """Return the last `count` of these tasks."""
        front = max(0, len(self.tasks) - count)
        return SearchPage(self.tasks[front:], self.has_before or front > 0, self.has_after)


@dataclass(frozen=True)
class SearchRange:
    """Up to `count` matches between two positions, from the front or (direction "last") from the end."""

    count: int
    direction: Direction = "first"
    after: Position | None = None
    before: Position | None = None


async def search_tasks(
    session: Session, terms: list[tuple[str, bool]], part: SearchRange, status: Status | None = None
) -> SearchPage | None:
    """Return the tasks that contain all terms, newest first, or None if the terms contain no word.

    status: the status that the tasks must have; None for any.

    A term is a text and whether its last word must be complete; otherwise that word may continue.
    """
    store = session.store
    query = tsquery(terms)
    if query is None:
        return None
    text = " ".join(f'"{term}"' if is_phrase else term for term, is_phrase in terms)
    store.usage.count_search("words", text.lower()[:MAX_TERM_CHARACTERS])

    async def find(start: Position, count: int, direction: Direction) -> list[Position]:
        return await search(
            store.database,
            store.replica,
            lambda connection: matching_words(connection, store.workspace, query, start, count, direction, status),
        )

    def matches(task: EncodedTask) -> bool:
        return status is None or task.task.status == status

    async with session.permit(store.database.shares.searches):
        return await _Reader(session, find, matches, ascending=False).read(part)


async def filter_tasks(session: Session, wanted: RowFilter, part: SearchRange) -> SearchPage:
    """Return the tasks that match a filter: newest first, or soonest first for a filter by expiry."""
    store = session.store
    store.usage.count_search("filter")

    async def find(start: Position, count: int, direction: Direction) -> list[Position]:
        return await search(
            store.database,
            store.replica,
            lambda connection: matching_filter(connection, store.workspace, wanted, start, count, direction),
        )

    reader = _Reader(session, find, lambda task: wanted.matches(task.task), ascending=wanted.by_expiry)
    async with session.permit(store.database.shares.searches) if wanted.reads_more else nullcontext():
        return await reader.read(part)


class _Reader:
    """Reads one page of matches. `find` returns the next positions after a start, in the direction of the page."""

    def __init__(
        self,
        session: Session,
        find: Callable[[Position, int, Direction], Awaitable[list[Position]]],
        matches: Callable[[EncodedTask], bool],
        *,
        ascending: bool,
    ) -> None:
        self._session = session
        self._find = find
        self._matches = matches
        self._ascending = ascending

    async def read(self, part: SearchRange) -> SearchPage:
        """Read until the page is full: a task that was found may be gone or changed when it is loaded."""
        forward = part.direction == "first"
        rising = self._ascending == forward  # whether positions increase while reading
        start_bound, end_bound = (part.after, part.before) if forward else (part.before, part.after)
        start = start_bound or (OLDEST_POSITION if rising else NEWEST_POSITION)
        found = await self._collect(part, start, end_bound, rising)
        more_ahead = len(found) > part.count
        found = found[: part.count]
        last, first = (found[-1][0], found[0][0]) if found else (start, start)
        more_ahead = more_ahead or (end_bound is not None and bool(await self._find(last, 1, part.direction)))
        # Looking back from the start of an empty page, a task at the start itself counts as before the page.
        back_from = first if found else _adjacent(start, rising)
        more_behind = start_bound is not None and bool(await self._find(back_from, 1, "last" if forward else "first"))
        tasks = [task for _, task in found]
        if forward:
            return SearchPage(tasks, has_before=more_behind, has_after=more_ahead)
        return SearchPage(tasks[::-1], has_before=more_ahead, has_after=more_behind)

    async def _collect(
        self, part: SearchRange, start: Position, end_bound: Position | None, rising: bool
    ) -> list[tuple[Position, EncodedTask]]:
        """Return up to `count` + 1 matches with their positions, from `start` up to `end_bound`."""
        found: list[tuple[Position, EncodedTask]] = []
        more, last_read = True, start
        while more and len(found) <= part.count:
            wanted = part.count + 1 - len(found)
            positions = await self._find(last_read, wanted, part.direction)
            more = len(positions) == wanted
            if end_bound is not None and positions and not _precedes(positions[-1], end_bound, rising):
                positions, more = [position for position in positions if _precedes(position, end_bound, rising)], False
            # A task whose expiry changes concurrently can be found twice.
            known = {task.id for _, task in found}
            loaded = await self._session.loader.load_many([id_ for _, id_ in positions])
            for position, task in zip(positions, loaded, strict=True):
                last_read = position
                if task is not None and task.id not in known and self._matches(task):
                    found.append((position, task))
        return found


def _precedes(position: Position, other: Position, rising: bool) -> bool:
    """Return whether a position comes before another in reading direction."""
    return position < other if rising else position > other


def _adjacent(position: Position, rising: bool) -> Position:
    """Return the next possible position in reading direction."""
    step = 1 if rising else -1
    return position[0], UUID(int=min(max(position[1].int + step, 0), 2**128 - 1))
