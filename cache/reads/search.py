"""Pages of tasks that match, by words or by a filter: places from PostgreSQL, the tasks through the loader."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from cache.reads.loader import TaskLoader
from cache.store import Store
from db.pages import NEWEST_POSITION, OLDEST_POSITION, Direction, Position
from db.search import RowFilter, matching_filter, matching_words, tsquery_of
from db.task import Task

Find = Callable[[Position, int, Direction], Awaitable[list[Position]]]


@dataclass(frozen=True)
class Matches:
    """Tasks that match, in their order, and whether there are more on each side."""

    tasks: list[Task]
    has_before: bool
    has_after: bool

    def ending(self, count: int) -> "Matches":
        """The last so many of them."""
        front = max(0, len(self.tasks) - count)
        return Matches(self.tasks[front:], self.has_before or front > 0, self.has_after)


@dataclass(frozen=True)
class Window:
    """A part of the matches: `count` of them from the front or from the end of what lies between two places."""

    count: int
    direction: Direction = "first"
    after: Position | None = None
    before: Position | None = None


async def search(store: Store, loader: TaskLoader, terms: list[tuple[str, bool]], window: Window) -> Matches | None:
    """The tasks with all these terms, the newest first; none if there is no word in the terms."""
    async with store.database.connection() as connection:
        query = await tsquery_of(connection, terms)
    if query is None:
        return None

    async def find(start: Position, count: int, direction: Direction) -> list[Position]:
        async with store.database.connection() as connection:
            return await matching_words(connection, store.workspace, query, start, count, direction)

    return await _page(loader, find, lambda _task: True, window, (NEWEST_POSITION, OLDEST_POSITION))


async def filtered(store: Store, loader: TaskLoader, asked: RowFilter, window: Window) -> Matches:
    """The tasks that a filter lets through, the newest first; by expiry, the soonest first."""

    async def find(start: Position, count: int, direction: Direction) -> list[Position]:
        async with store.database.connection() as connection:
            return await matching_filter(connection, store.workspace, asked, start, count, direction)

    ends = (OLDEST_POSITION, NEWEST_POSITION) if asked.by_expiry else (NEWEST_POSITION, OLDEST_POSITION)
    return await _page(loader, find, lambda task: _fits(task, asked), window, ends)


def _fits(task: Task, asked: RowFilter) -> bool:
    """Of the task as it is by now."""
    if task.status not in asked.statuses or task.priority not in asked.priorities:
        return False
    if not asked.by_expiry:
        return asked.created_from <= task.created_at < asked.created_before
    soonest, latest = asked.expires_from or OLDEST_POSITION[0], asked.expires_before or NEWEST_POSITION[0]
    return task.expires_at is not None and soonest <= task.expires_at < latest


async def _page(
    loader: TaskLoader, find: Find, fits: Callable[[Task], bool], window: Window, ends: tuple[Position, Position]
) -> Matches:
    """Reads on until the page is full, for a task that is found may be gone or changed when it is read."""
    forth = window.direction == "first"
    near, far = (window.after, window.before) if forth else (window.before, window.after)
    back: Direction = "last" if forth else "first"
    start = near or ends[0 if forth else 1]
    tasks: list[Task] = []
    places: list[Position] = []
    more, seen = True, start
    while more and len(tasks) <= window.count:
        wanted = window.count + 1 - len(tasks)
        found = await find(seen, wanted, window.direction)
        more = len(found) == wanted
        if far is not None and found and not _before(found[-1], far, ends, forth=forth):
            found, more = [place for place in found if _before(place, far, ends, forth=forth)], False
        shown = {task.id for task in tasks}
        for place, task in zip(found, await loader.load_many([id_ for _, id_ in found]), strict=True):
            seen = place
            # Once: where its expiry is moved meanwhile, it is found again.
            if task is not None and task.id not in shown and fits(task):
                tasks.append(task)
                places.append(place)
    beyond = len(tasks) > window.count
    tasks, places = tasks[: window.count], places[: window.count]
    last, first = (places[-1], places[0]) if places else (start, start)
    beyond = beyond or (far is not None and bool(await find(last, 1, window.direction)))
    behind = near is not None and bool(await find(_nudged(first, forth, ends) if not places else first, 1, back))
    if forth:
        return Matches(tasks, behind, beyond)
    return Matches(tasks[::-1], beyond, behind)


def _before(place: Position, far: Position, ends: tuple[Position, Position], *, forth: bool) -> bool:
    """Whether a place comes before another on the way."""
    rising = (ends[0] < ends[1]) == forth
    return place < far if rising else place > far


def _nudged(place: Position, forth: bool, ends: tuple[Position, Position]) -> Position:
    """The next place on the way, so that what stands at this one counts as behind."""
    step = 1 if (ends[0] < ends[1]) == forth else -1
    return place[0], UUID(int=min(max(place[1].int + step, 0), 2**128 - 1))
