"""The numbers of tasks of views, for many views at once."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from cache.errors import CreatesUnsettled
from cache.reads.pages import settle_creates
from cache.reads.session import Session
from cache.redis.keys import VIEWS
from cache.redis.view_counts import ViewCountSteps
from cache.store import Store
from db.task import Status
from db.views import EVERY_TASK, View

# The number of tasks of each status; None stands for all of them.
CountsByStatus = dict[Status | None, int]


class Counted(NamedTuple):
    """A view whose tasks are counted. by_status: whether those of each status are counted as well."""

    view: View = EVERY_TASK
    by_status: bool = True

    @property
    def parts(self) -> list[View]:
        """The views whose counts add up: that of each status, if these are counted."""
        if self.by_status and self.view.status is None:
            return [replace(self.view, status=status) for status in VIEWS if status is not None]
        return [self.view]

    def counts(self, found: Mapping[Status | None, int]) -> CountsByStatus:
        """Return the counts from those of the parts, by the status of the part."""
        return {**dict.fromkeys(VIEWS, 0), **found, None: sum(found.values())}

    def from_base(self, counts: CountsByStatus) -> CountsByStatus:
        """Return the counts of a base view from those of all base views."""
        status = self.view.status
        return counts if status is None else self.counts({status: counts[status]})


async def cached_view_counts(session: Session, counted: Collection[Counted]) -> dict[Counted, CountsByStatus]:
    """Return the counts of declared views that Redis holds: one script for up to a thousand views."""
    wanted = [(each, view) for each in counted for view in each.parts]
    with session.cache.reading() as protocol:
        if protocol is not None:
            steps = ViewCountSteps(session.store.redis, protocol.gate, session.store.workspace, protocol.views)
            views = [view for _, view in wanted]
            try:
                counts = await steps.count(views)
            except CreatesUnsettled as unsettled:
                await settle_creates(session, protocol, unsettled)
                counts = await steps.count(views, outcomes_known=True)
            found: dict[Counted, dict[Status | None, int | None]] = {}
            for (each, view), count in zip(wanted, counts, strict=True):
                found.setdefault(each, {})[view.status] = count
            return {
                each: each.counts({status: count for status, count in parts.items() if count is not None})
                for each, parts in found.items()
                if None not in parts.values()
            }
    return {}


async def row_view_counts(store: Store, counted: Counted) -> CountsByStatus:
    """Return the counts of a view from PostgreSQL, in one snapshot."""
    totals, view = store.totals, counted.view
    if counted.by_status and view.status is None:
        found = await totals.facets("status", view, len(VIEWS), "NAME")
        return counted.counts({status: count for status, count in found if status in VIEWS})
    return counted.counts({view.status: await totals.count(view)})


async def read_view_counts(session: Session, counted: Counted) -> CountsByStatus:
    """Return the counts of a declared view, from PostgreSQL if Redis does not hold it."""
    found = await cached_view_counts(session, [counted])
    return found[counted] if counted in found else await row_view_counts(session.store, counted)
