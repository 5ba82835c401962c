"""The values of a dimension with their counts, from the declared views in Redis."""

from typing import NamedTuple

from cache.errors import ShapeUnbuilt
from cache.redis.index_scripts import IndexScripts
from db.views import Dimension, View, view_with

# Redis serves no other client during a script.
FACETS_PER_CALL = 2_000
# Writes between the calls for one answer make it start again, so often.
MAX_ATTEMPTS = 3


class FacetCounts(NamedTuple):
    """All values with at least one task, in the order of their bytes; `rev` and the next expiry as in `IndexPage`."""

    rev: int
    next_expiry_ms: int
    counts: list[tuple[str, int]]


class FacetSteps(IndexScripts):
    """P5 on one index."""

    async def count(self, by: Dimension, view: View, *, outcomes_known: bool = False) -> FacetCounts:
        """Return the number of tasks in a view for each value of a further dimension.

        Raises `ShapeUnbuilt` if Redis does not hold these views, or if concurrent writes change them all the time, and
        `CreatesUnsettled` unless the outcomes of earlier bulk creates are known.
        """
        for _ in range(MAX_ATTEMPTS):
            found = await self._attempt(by, view, outcomes_known)
            if found is not None:
                return found
        raise ShapeUnbuilt

    async def _attempt(self, by: Dimension, view: View, outcomes_known: bool) -> FacetCounts | None:
        """Count in several calls. Return None if a write came between them."""
        shape = view_with(view.shape, by)
        others = "".join(value + "\0" for value in view.key.split("\0")) if view.shape else ""
        revs, next_expiry_ms, counts, after = set(), 2**53, list[tuple[str, int]](), ""
        while True:
            rev, expiry_ms, size, found = await self._read_script(
                "facets", [self.keys.rev, self.keys.expiring[0]], self.views.name(shape), shape.index(by) + 1, others,
                after, FACETS_PER_CALL, int(outcomes_known),
            )  # fmt: skip
            revs.add(rev)
            if len(revs) > 1:
                return None
            next_expiry_ms = min(next_expiry_ms, expiry_ms)
            values = [value.decode() for value in found[::2]]
            counts += [(value, count) for value, count in zip(values, found[1::2], strict=True) if count > 0]
            if size < FACETS_PER_CALL:
                return FacetCounts(rev, next_expiry_ms, counts)
            after = values[-1]
