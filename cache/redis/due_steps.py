"""The steps that find and do what is due in an index: expired ids and overdue marks."""

from uuid import UUID

from cache.redis.create_records import MAX_SINGLE_EVENTS, CreateRecords

# Expired ids that one sweep removes from each index.
SWEEP_LIMIT = 1000


class DueSteps(CreateRecords):
    """The work of the scrub that no reader waits for."""

    async def overdue_marks(self, limit: int) -> list[UUID]:
        """Return up to `limit` ids for the scrub: their mark is past its deadline, or a rebuild was under way.

        A mark becomes overdue when its writer died or its publish was lost.
        """
        commands = [("TIME",), ("ZRANGE", self.keys.marks, 0, limit - 1, "WITHSCORES")]
        (seconds, microseconds), marks = await self._redis.send(commands, run_id=self.gate.redis_run_id)
        now_ms = int(seconds) * 1000 + int(microseconds) / 1000
        return [UUID(bytes=id_) for id_, deadline in marks if deadline < now_ms]

    async def due(self, min_record_age_seconds: float) -> bool:
        """Return whether the scrub has work: expired or swept ids, overdue marks, or bulk creates of so long ago."""
        return bool(await self._read_script("due", self.keys.prelude, int(min_record_age_seconds * 1000)))

    async def sweep(self, limit: int = SWEEP_LIMIT) -> int:
        """E1: remove up to `limit` expired ids from each index. Return the largest number removed from one."""
        removed: int = await self._run("sweep", [], limit, MAX_SINGLE_EVENTS)
        return removed
