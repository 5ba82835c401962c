"""The steps of a bulk create that is recorded in Redis until its outcome is known."""

from collections.abc import Sequence
from uuid import UUID

from cache.redis import entry
from cache.redis.index_scripts import IndexScripts
from db.task import ID_BYTES, Task

# A write of up to this many tasks has a feed event for each. A larger one has a single event, MANY.
MAX_SINGLE_EVENTS = 20


class CreateRecords(IndexScripts):
    """The records of one index, each under the number of its transaction in PostgreSQL."""

    async def record(self, transaction: bytes, token: int, tasks: Sequence[Task]) -> None:
        """W7: record a bulk create before its commit. Needs no marks: no reader can have seen the tasks."""
        fields = entry.record_fields(tasks, self.views)
        await self._run("record", [], transaction, token, self.views.maintained, *fields)

    async def settle(self, transaction: bytes, *, reading: bool = False) -> None:
        """W8: after the commit of a bulk create, add its tasks to the indexes and emit the feed events."""
        async with self._timeout(self._redis.read_timeout if reading else None):
            await self._run("settle", [self.keys.entries], transaction, MAX_SINGLE_EVENTS, self.views.maintained)

    async def discard(self, transaction: bytes) -> None:
        """S6: after a rollback, delete the record of a bulk create."""
        commands = [("UNLINK", self.keys.record(transaction)), ("ZREM", self.keys.unsettled, transaction)]
        await self._redis.send(commands, run_id=self.gate.redis_run_id)

    async def recorded_ids(self, transaction: bytes) -> list[UUID]:
        """Return the ids in the record of a bulk create."""
        (fields,) = await self._redis.send([("HKEYS", self.keys.record(transaction))], run_id=self.gate.redis_run_id)
        return [UUID(bytes=field) for field in fields if len(field) == ID_BYTES]

    async def recorded_creates(self, seconds: float) -> list[bytes]:
        """Return the transactions of bulk creates that were recorded at least this long ago and are not settled."""
        commands = [("TIME",), ("ZRANGE", self.keys.unsettled, 0, -1, "WITHSCORES")]
        (now, microseconds), found = await self._redis.send(commands, run_id=self.gate.redis_run_id)
        latest_ms = int(now) * 1000 + int(microseconds) // 1000 - seconds * 1000
        return [transaction for transaction, recorded_ms in found if recorded_ms <= latest_ms]
