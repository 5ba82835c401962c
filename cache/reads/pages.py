"""Pages of a view by position or by offset, totals and ranks."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from typing import cast
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from cache.errors import CreatesUnsettled, OrderMoving
from cache.reads.session import Session
from cache.redis.encoded_task import EncodedTask, earliest_expiry_ms, encode_many, scores_of, statuses_of
from cache.redis.index import IndexPage, PageRange
from cache.redis.keys import VIEWS
from cache.redis.position import PositionOrder
from cache.redis.protocol import Protocol
from cache.redis.times import MICROSECOND, MILLISECOND, UNIX_EPOCH
from cache.redis.view_values import values_of
from cache.usage.workspace_usage import PageUse
from db import pages
from db.connection import Connection
from db.index_source import IndexPosition
from db.orders import declared_order
from db.pages import PagePosition, Position
from db.shares import DEEP_ROWS
from db.task import Order, Status
from db.view_rows import is_read_whole
from db.views import Valued, View

# In these orders a task never moves.
BY_CREATION = ("NEWEST", "OLDEST")


class Page(Struct, frozen=True, gc=False):
    """Tasks of a view in its order. `rank` is the number of tasks before the first.

    `total` and `rank` are None if PostgreSQL answered: there they cost a count, so only clients that ask for them pay.
    """

    tasks: list[EncodedTask]
    total: int | None
    rank: int | None
    has_before: bool
    has_after: bool

    def trimmed(self, front: int, end: int) -> "Page":
        """Return the page without its first `front` tasks and its last `end` tasks."""
        tasks = self.tasks[front : len(self.tasks) - end]
        rank = None if self.rank is None else self.rank + front
        return Page(tasks, self.total, rank, self.has_before or front > 0, self.has_after or end > 0)


async def read_page(session: Session, part: PageRange) -> Page:
    """Return a range of a view: one script for ids and entries, one query for the tasks that are not cached.

    Raises `TooMuchRead` if the request has read too much.
    """
    async with session.page_slots:
        session.loader.check()
        if part.count > 0:
            return await _page(session, part)
        # An empty page has the position of a page with one task.
        page = await _page(session, replace(part, count=1))
        return page.trimmed(0, len(page.tasks)) if part.direction == "first" else page.trimmed(len(page.tasks), 0)


async def _page(session: Session, part: PageRange) -> Page:
    with session.cache.reading() as protocol:
        if protocol is not None:
            found = await _cached_page(session, protocol, part)
            _count(session, part, found.rank)
            return found
    found = await _row_page(session, part)
    from_start = part.direction == "first" and part.after is None and part.before is None
    _count(session, part, part.offset if from_start else None)
    return found


def _count(session: Session, part: PageRange, position: int | None) -> None:
    """Count a page that was requested. position: of its first task, from 0; None if unknown."""
    session.cache.requested.reads += 1
    if part.view.is_base and declared_order(part.order) is None:
        use = PageUse(part.view.status, part.order, part.count, position)
        session.cache.requested.pages.append(use)
        session.store.usage.count_page(use)


async def _cached_page(session: Session, protocol: Protocol, part: PageRange) -> Page:
    """P1: drop ids whose task does not belong to the view, and continue until the page is full."""
    release = partial(session.store.fills.release, protocol)
    try:
        first = ids = await protocol.page(part, release)
    except CreatesUnsettled as found:
        await settle_creates(session, protocol, found)
        first = ids = await protocol.page(part, release, outcomes_known=True)
    session.cache.observe(protocol.gate.epoch, first.rev, first.next_expiry_ms)
    session.store.usage.epoch = protocol.gate.epoch
    tasks = await _matching(session, ids, part)
    wanted = part.count
    while len(tasks) < part.count and len(ids.ids) == wanted:
        wanted = part.count - len(tasks)
        if part.direction == "first":
            rest = replace(part, after=ids.last, offset=0, count=wanted)
            ids = await protocol.page(rest, release, outcomes_known=True)
            _check_order(part, first, ids)
            tasks += await _matching(session, ids, part)
        else:
            ids = await protocol.page(replace(part, before=ids.first, count=wanted), release, outcomes_known=True)
            _check_order(part, first, ids)
            tasks = await _matching(session, ids, part) + tasks
    front, end = (first, ids) if part.direction == "first" else (ids, first)
    return Page(tasks, first.total, front.rank, front.has_before, end.has_after)


def _check_order(part: PageRange, first: IndexPage, ids: IndexPage) -> None:
    """Raise `OrderMoving` if a task may have moved to a position that is read already, since the first call."""
    if part.order not in BY_CREATION and ids.rev != first.rev:
        raise OrderMoving


async def settle_creates(session: Session, protocol: Protocol, found: CreatesUnsettled) -> None:
    """P4: let the indexes hold every bulk create that was committed before this call.

    The answer may leave the others out, so it must not be kept: their commits do not raise `rev`.
    """
    session.cache.forbid_caching()
    await session.store.unsettled_creates.settle(protocol, found.transactions)


async def _matching(session: Session, ids: IndexPage, part: PageRange) -> list[EncodedTask]:
    """Load the tasks of the ids and return those that the view holds.

    Raises `OrderMoving` if a task is in the view, but not at the index's score: a concurrent write changed its place in
    the order, or its create was rolled back and retried.
    """
    view = part.view
    tasks = await session.loader.load_page(ids)
    if all(tasks):  # without a loop in Python if every task is in its place
        found = cast("list[EncodedTask]", tasks)
        # After a rebuild, the index may hold a later expiry than a task has, until the scrub.
        session.cache.observe_expiry(earliest_expiry_ms(found))
        in_place = scores_of(found, part.order) == ids.scores
        if in_place and _all_in(view, found):
            return found
    else:
        session.cache.forbid_caching()
    matching = []
    for id_, score, task in zip(ids.ids, ids.scores, tasks, strict=True):
        in_view = task is not None and view.holds(cast("Valued", task))
        if task is not None and in_view and scores_of([task], part.order) == [score]:
            matching.append(task)
            continue
        # Only the scrub removes the id: the task may be one of a create that is about to commit.
        session.store.repair_queue.add(UUID(bytes=id_), view)
        if in_view:
            raise OrderMoving
    return matching


def _all_in(view: View, tasks: Sequence[EncodedTask]) -> bool:
    """Return whether a view holds all of the tasks. Only a declared view needs more than their headers."""
    if view.is_base:
        return view.status is None or statuses_of(tasks) <= {view.status}
    return all(map(view.holds, values_of(tasks)))


async def _row_page(session: Session, part: PageRange) -> Page:
    """R6: read the page from PostgreSQL's indexes. PostgreSQL reads every row that the page skips."""
    deep = part.offset >= DEEP_ROWS or is_read_whole(part.view.shape, part.order)
    async with _connection(session, deep=deep) as connection:
        page = await pages.task_page(
            connection,
            session.store.workspace,
            count=part.count,
            direction=part.direction,
            after=_page_position(part.after, part.order),
            before=_page_position(part.before, part.order),
            offset=part.offset,
            view=part.view,
            order=part.order,
        )
    tasks = encode_many(session.store.workspace, page.tasks)
    session.loader.count(tasks)
    usage = session.store.usage
    usage.count_tasks([task.id_bytes for task in tasks])
    if session.cache.degraded:
        usage.count_degraded(len(tasks))
    return Page(tasks, None, None, page.has_before, page.has_after)


@asynccontextmanager
async def _connection(session: Session, *, deep: bool) -> AsyncIterator[Connection]:
    """Check out a connection, for a deep page with a permit of its share."""
    database = session.store.database
    permit = session.permit(database.shares.deep_pages) if deep else nullcontext()
    async with permit, database.connection() as connection:
        yield connection


async def read_rank(session: Session, part: PageRange, task: EncodedTask) -> int:
    """Count the tasks before one in the order of a view, for a page whose rank is None."""
    at = _page_position((scores_of([task], part.order)[0], task.id), part.order)
    assert at is not None
    # After a cursor, the depth of the page is not known before the count.
    is_shallow = part.offset < DEEP_ROWS and part.direction == "first" and part.after is None
    async with _connection(session, deep=not is_shallow) as connection:
        return await pages.task_rank(connection, session.store.workspace, at, part.view, part.order)


async def read_counts(session: Session) -> dict[Status | None, int]:
    """Count the tasks of each view, in one round trip."""
    with session.cache.reading() as protocol:
        if protocol is not None:
            try:
                found = await protocol.counts()
            except CreatesUnsettled as unsettled:
                await settle_creates(session, protocol, unsettled)
                found = await protocol.counts(outcomes_known=True)
            session.cache.observe(protocol.gate.epoch, found.rev, found.next_expiry_ms)
            session.store.usage.count_saved()
            session.cache.requested.reads += 1
            return dict(zip(VIEWS, found.counts, strict=True))
    return dict(zip(VIEWS, await session.store.totals.count_views(), strict=True))


def row_position(position: IndexPosition | None, order: PositionOrder) -> Position | None:
    """Convert the position of a cursor to one in PostgreSQL."""
    unit = MILLISECOND if order == "EXPIRING_SOON" else MICROSECOND
    return None if position is None else (UNIX_EPOCH + position[0] * unit, position[1])


def _page_position(position: IndexPosition | None, order: Order) -> PagePosition | None:
    """Convert the position of a cursor to one in PostgreSQL, which has the scores of the declared orders."""
    return position if declared_order(order) else row_position(position, order)
