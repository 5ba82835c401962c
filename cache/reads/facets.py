"""The values of a dimension in a view, with the number of tasks for each."""

from cache.errors import CreatesUnsettled
from cache.reads.pages import read_counts, settle_creates
from cache.reads.session import Session
from cache.redis.facets import FacetSteps
from db.facets import FacetOrder
from db.views import EVERY_TASK, Dimension, View


async def read_facets(
    session: Session, by: Dimension, view: View, first: int, order: FacetOrder
) -> list[tuple[str, int]]:
    """Return up to `first` values of a dimension with the number of tasks in the view that have them, from 1.

    The counts of all statuses need no declared view.
    """
    if by == "status" and view == EVERY_TASK:
        counts = await read_counts(session)
        found = sorted((str(status), count) for status, count in counts.items() if status is not None and count > 0)
        return _sorted(found, order)[:first]
    with session.cache.reading() as protocol:
        if protocol is not None:
            steps = FacetSteps(session.store.redis, protocol.gate, session.store.workspace, protocol.views)
            try:
                counted = await steps.count(by, view)
            except CreatesUnsettled as unsettled:
                await settle_creates(session, protocol, unsettled)
                counted = await steps.count(by, view, outcomes_known=True)
            session.cache.observe(protocol.gate.epoch, counted.rev, counted.next_expiry_ms)
            session.cache.requested.reads += 1
            return _sorted(counted.counts, order)[:first]
    return await session.store.totals.facets(by, view, first, order)


def _sorted(facets: list[tuple[str, int]], order: FacetOrder) -> list[tuple[str, int]]:
    """Sort values, which come in the order of their bytes."""
    return sorted(facets, key=lambda facet: -facet[1]) if order == "COUNT" else facets
