"""The audit of the declared views: compares their members, positions and registries with the rows."""

import random
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import structlog

from cache.maintenance.scan import scan
from cache.maintenance.scrub import SCRUB_BATCH_IDS, scrub
from cache.maintenance.view_compare import (
    Suspects,
    ViewDifference,
    broken_views,
    compare_views,
    places_of,
    view_reads,
    wrong_place,
)
from cache.redis.keys import BEACON
from cache.redis.protocol import Protocol
from cache.redis.view_reads import Place, UsedShapes, ViewReads, registered_place
from cache.store import Store
from db.index_source import INDEX_START
from db.shape_source import ShapeRow, shape_rows, shape_rows_after
from db.views import view_keys

log = structlog.get_logger(__name__)

# Rows that are compared at a time, by id or by position.
BATCH_ROWS = 5_000
# A sample reads so many views of one shape, and so many ids of each of their sets.
SAMPLE_VIEWS, SAMPLE_IDS = 10, 10


@dataclass
class ViewAudit:
    """A comparison of all declared views in use with the rows. `views` counts them."""

    store: Store
    protocol: Protocol
    used: UsedShapes = field(default_factory=dict)
    views: int = 0
    _broken: set[str] = field(default_factory=set)

    @property
    def unused(self) -> list[str]:
        """The declared shapes that were not in use, or not until the end."""
        return sorted(set(self.protocol.views.named) - set(self.used) - self._broken)

    async def begin(self) -> None:
        """Find the shapes in use."""
        self.used = await self._reads.used()

    async def broken(self) -> AsyncIterator[dict[Place, str]]:
        """Yield views that are broken as a whole. Their shapes have to be built again, and are not compared further."""
        for name in await self._reads.without_beacon(self.used):
            yield self._give_up({Place(name, ""): "the beacon of its registry was lost"})
        for name, shape in list(self.used.items()):
            for at, registry in enumerate(self._reads.registries(shape)):
                async for found in scan(self.store, self.protocol, "ZSCAN", registry):
                    places = {registered_place(name, at, member) for member in found[::2] if member != BEACON}
                    self.views += len(places) if at == 0 else 0
                    if name in self.used:
                        yield await self._broken_of(places, is_first=at == 0)
        async for keys in scan(self.store, self.protocol, "SCAN", b"MATCH", self._reads.keys.all_view_sets):
            yield await self._broken_of(self._reads.places_of_sets(self.used, keys), is_first=False)

    async def suspects(self) -> AsyncIterator[Suspects]:
        """Yield ids that may differ, found by cheap comparisons of whole batches."""
        keys = self.protocol.keys
        async for found in scan(self.store, self.protocol, "HSCAN", keys.holding):
            yield {id_: () for id_ in found[::2] if id_ != BEACON}
        async for found in scan(self.store, self.protocol, "SSCAN", keys.reordering):
            yield {id_: () for id_ in found if id_ != BEACON}
        position = INDEX_START
        while self.used and (rows := await self._rows_after(position)):
            position = int(rows[-1].created_at), UUID(bytes=rows[-1].id)
            yield await _suspect_rows(self._reads, self.used, rows)
            await self._keep_used()
        async for members in self._members():
            yield await _suspect_members(
                self.store, self.used, [each for each in members if each[0].shape in self.used]
            )

    async def drop(self, broken: Mapping[Place, str]) -> int:
        """End the use of the shapes of broken views. Return the number of these views."""
        for name in sorted({place.shape for place in broken}):
            await self._reads.drop(name)
        return len(broken)

    async def repair(self, differences: Mapping[UUID, ViewDifference], suspects: Suspects) -> set[UUID]:
        """Scrub tasks together with the views that wrongly hold them. Return those that differ afterwards."""
        ids = list(differences)
        for start in range(0, len(ids), SCRUB_BATCH_IDS):
            part = ids[start : start + SCRUB_BATCH_IDS]
            await scrub(self.store, self.protocol, part, {id_: differences[id_].found for id_ in part})
        scrubbed = {id_.bytes: suspects[id_.bytes] for id_ in ids}
        return set(await compare_views(self.store, self.protocol, self.used, scrubbed))

    @property
    def _reads(self) -> ViewReads:
        return view_reads(self.store, self.protocol)

    async def _rows_after(self, position: tuple[int, UUID]) -> list[ShapeRow]:
        async with self.store.database.connection() as connection:
            return await shape_rows_after(connection, self.store.workspace, position, BATCH_ROWS)

    async def _members(self) -> AsyncIterator[list[tuple[Place, bytes]]]:
        """Yield the ids in the sets of all views, each with its view, thousands at a time."""
        batch: list[tuple[Place, bytes]] = []
        for name, shape in list(self.used.items()):
            registry = self._reads.registries(shape)[0]
            async for found in scan(self.store, self.protocol, "ZSCAN", registry):
                await self._keep_used()
                places = [registered_place(name, 0, member) for member in found[::2] if member != BEACON]
                async for members in self._reads.members(self.used, places if name in self.used else ()):
                    batch += members
                    if len(batch) >= BATCH_ROWS:
                        yield batch
                        batch = []
        yield batch

    async def _broken_of(self, places: Collection[Place], *, is_first: bool) -> dict[Place, str]:
        """Return the broken views among these. Those in the first registry were examined, so the rest need not be."""
        if not is_first:
            places = await self._reads.unregistered(self.used, places)
        return self._give_up(await broken_views(self.store, self.protocol, self.used, places))

    def _give_up(self, broken: dict[Place, str]) -> dict[Place, str]:
        for place in broken:
            self._broken.add(place.shape)
            self.used.pop(place.shape, None)
        return broken

    async def _keep_used(self) -> None:
        """Forget the shapes that are no longer in use, or were built again."""
        now_used = await self._reads.used()
        self.used = {name: shape for name, shape in self.used.items() if now_used.get(name) == shape}


async def sample_views(store: Store, protocol: Protocol, ids: Collection[bytes]) -> None:
    """Compare the views of tasks, random members of random views and random held ids with the rows.

    Logs the differences, queues tasks for repair, and ends the use of shapes with a broken view.
    """
    reads = view_reads(store, protocol)
    used = await reads.used()
    if not used:
        return
    rows = list[ShapeRow]()
    if ids:
        async with store.database.connection() as connection:
            rows += (await shape_rows(connection, store.workspace, list(ids))).values()
    name = random.choice(list(used))  # noqa: S311
    places = await reads.random_places(name, used[name], SAMPLE_VIEWS)
    own = [place for row in rows for place in places_of(used, row)]
    own = random.sample(own, min(SAMPLE_VIEWS, len(own)))
    for place, problem in (await broken_views(store, protocol, used, {*places, *own})).items():
        _report(store, difference=problem, shape=place.shape, view=place.key)
        await reads.drop(place.shape)
    members = await reads.random_members(used, places, SAMPLE_IDS)
    suspects = await _suspect_rows(reads, used, rows)
    for id_, found in (await _suspect_members(store, used, members)).items():
        suspects.setdefault(id_, set()).update(found)
    for id_ in await reads.random_held(SAMPLE_IDS):
        suspects.setdefault(id_, set())
    for task, difference in (await compare_views(store, protocol, used, suspects)).items():
        _report(store, difference=difference.description, shape=difference.shape, task=str(task))
        store.repair_queue.add(task)
        for view in difference.found:
            store.repair_queue.add(task, view)


def _report(store: Store, **about: str) -> None:
    log.error("Redis differs from PostgreSQL", **{name: text for name, text in about.items() if text})
    store.metrics.differences += 1


async def _suspect_rows(reads: ViewReads, used: UsedShapes, rows: Sequence[ShapeRow]) -> dict[bytes, set[Place]]:
    """Return the tasks that are not in their views as their rows say."""
    members, suspects = defaultdict[Place, list[ShapeRow]](list), defaultdict[bytes, set[Place]](set)
    for row in rows:
        for place in places_of(used, row):
            members[place].append(row)
    ids = {place: [row.id for row in tasks] for place, tasks in members.items()}
    for place, scores in (await reads.scores(used, ids)).items():
        for row, each in zip(members[place], scores, strict=True):
            if wrong_place(row, place, used[place.shape].orders, each):
                suspects[row.id].add(place)
    return suspects


async def _suspect_members(
    store: Store, used: UsedShapes, members: Sequence[tuple[Place, bytes]]
) -> dict[bytes, set[Place]]:
    """Return the ids that are in views to which their rows do not belong, or have expired."""
    suspects = defaultdict[bytes, set[Place]](set)
    for start in range(0, len(members), BATCH_ROWS):
        part = members[start : start + BATCH_ROWS]
        async with store.database.connection() as connection:
            rows = await shape_rows(connection, store.workspace, list({id_ for _, id_ in part}))
        now_ms = datetime.now(UTC).timestamp() * 1000
        for place, id_ in part:
            row = rows.get(id_)
            has_expired = row is not None and row.expires_at != "" and int(row.expires_at) <= now_ms
            if row is None or has_expired or place.key not in view_keys(row, used[place.shape].shape):
                suspects[id_].add(place)
    return suspects
