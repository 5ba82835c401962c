"""The numbers of tasks in many declared views, from Redis."""

from collections.abc import Sequence

from cache.redis.client import Argument
from cache.redis.index_scripts import IndexScripts
from db.views import View

# Redis serves no other client during a script.
VIEWS_PER_CALL = 1_000


class ViewCountSteps(IndexScripts):
    """P6 on one index."""

    async def count(self, views: Sequence[View], *, outcomes_known: bool = False) -> list[int | None]:
        """Return the number of tasks in each of these declared views, None if Redis does not hold it.

        Raises `CreatesUnsettled` unless the outcomes of earlier bulk creates are known.
        """
        counts: list[int | None] = []
        keys = [self.keys.rev, self.keys.expiring[0]]
        for start in range(0, len(views), VIEWS_PER_CALL):
            arguments: list[Argument] = []
            for view in views[start : start + VIEWS_PER_CALL]:
                arguments += (self.views.name(view.shape), view.key)
            found = await self._read_script("view_counts", keys, int(outcomes_known), *arguments)
            counts += [None if count < 0 else count for count in found]
        return counts
