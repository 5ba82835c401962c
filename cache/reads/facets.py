"""The values of a dimension in a view, with the number of tasks for each."""

from cache.reads.pages import read_counts
from cache.reads.session import Session
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
        found = sorted((status, count) for status, count in counts.items() if status is not None and count > 0)
        if order == "COUNT":
            found.sort(key=lambda facet: -facet[1])
        return [(str(status), count) for status, count in found[:first]]
    session.cache.forbid_caching()
    return await session.store.totals.facets(by, view, first, order)
