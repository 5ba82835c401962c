"""Comparison of single tasks, and of whole views, in the declared views with the rows."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

from cache.maintenance.compare import COMPARE_PAUSES_SECONDS, MARK_TOLERANCE
from cache.maintenance.scrub import settle_creates
from cache.maintenance.shapes import unlist_swept
from cache.redis.client import Argument
from cache.redis.due_steps import SWEEP_LIMIT
from cache.redis.protocol import Protocol
from cache.redis.times import MILLISECOND
from cache.redis.view_reads import Place, Scores, UsedShapes, ViewReads
from cache.store import Store
from db.shape_source import ShapeRow, shape_rows
from db.views import Orders, View, parse_declaration, view_keys, view_of


class ViewDifference(NamedTuple):
    """How a task differs, the shape if it is one of a shape, and the views that wrongly hold the task."""

    description: str
    shape: str
    found: Collection[View]


class _State(NamedTuple):
    """A task in Redis: the deadline of its mark, if a sweep will find it, and its scores.

    `is_held` is set if views are held for it, or its place in a declared order is in doubt.
    """

    mark_deadline_ms: float | None
    is_held: bool
    leaves: bool
    scores: Mapping[Place, Scores]


# By 16-byte id: declared views where a task may differ.
Suspects = Mapping[bytes, Collection[Place]]


async def compare_views(
    store: Store, protocol: Protocol, used: UsedShapes, suspects: Suspects
) -> dict[UUID, ViewDifference]:
    """Return the differences that last, by id. Views whose shape is no longer in use do not count.

    Raises `StoreUnavailable` or `DatabaseError`.
    """
    reads, differences = view_reads(store, protocol), dict[bytes, ViewDifference]()
    for pause in COMPARE_PAUSES_SECONDS:
        if not suspects:
            break
        await _settle(store, protocol, pause)
        differences = await _compare_once(store, reads, used, suspects)
        suspects = {id_: suspects[id_] for id_ in differences}
    return {UUID(bytes=id_): difference for id_, difference in differences.items()}


async def broken_views(store: Store, protocol: Protocol, used: UsedShapes, places: Iterable[Place]) -> dict[Place, str]:
    """Return what is wrong with views as a whole, where it lasts and the shape is still in use."""
    reads, broken = view_reads(store, protocol), dict.fromkeys(places, "")
    for pause in COMPARE_PAUSES_SECONDS:
        if not broken:
            break
        await _settle(store, protocol, pause)
        broken = await reads.broken(used, broken)
        still_used = await reads.used()
        broken = {
            place: problem for place, problem in broken.items() if still_used.get(place.shape) == used[place.shape]
        }
    return broken


def view_reads(store: Store, protocol: Protocol) -> ViewReads:
    """Return the reads of the declared views of an index."""
    return ViewReads(store.redis, protocol.gate, store.workspace, protocol.views)


def places_of(used: UsedShapes, row: ShapeRow | None) -> list[Place]:
    """Return the views in use that hold a visible task."""
    return [] if row is None else [Place(name, key) for name, use in used.items() for key in view_keys(row, use.shape)]


def wrong_place(row: ShapeRow, place: Place, orders: Orders, scores: Scores) -> str:
    """Describe how a view that holds a visible task differs from its row, or return ''."""
    created_at, expires_at, *ordered = scores
    if created_at is None:
        return f"it is missing from the view {place}"
    if created_at != float(row.created_at):
        return f"it has the wrong position in the view {place}"
    if expires_at != (float(row.expires_at) if row.expires_at else None):
        return f"it has the wrong expiry in the view {place}"
    if ordered != [row.score(order) for order in orders]:
        return f"it has the wrong position in a declared order of the view {place}"
    return ""


async def _settle(store: Store, protocol: Protocol, pause: float) -> None:
    """Pause for some seconds, and then do what the scrub does with bulk creates and expired ids."""
    if not pause:
        return
    await asyncio.sleep(pause)
    await settle_creates(store, protocol, min_age_seconds=0.0)
    while await protocol.sweep() == SWEEP_LIMIT:
        pass
    await unlist_swept(store, protocol)


async def _compare_once(
    store: Store, reads: ViewReads, used: UsedShapes, suspects: Suspects
) -> dict[bytes, ViewDifference]:
    """Read rows, Redis, rows and Redis again. A task that changed in between is being written, and is skipped."""
    rows = await _rows(store, suspects)
    places = {id_: {*found, *places_of(used, rows.get(id_))} for id_, found in suspects.items()}
    before, _ = await _states(reads, used, places)
    same_rows = await _rows(store, suspects)
    after, now_ms = await _states(reads, used, places)
    still_used, differences = await reads.used(), {}
    for id_, state in after.items():
        if before[id_] == state and (row := rows.get(id_)) == same_rows.get(id_):
            scores = {
                place: each for place, each in state.scores.items() if still_used.get(place.shape) == used[place.shape]
            }
            difference = _difference(store, used, row, state._replace(scores=scores), now_ms)
            if difference is not None:
                differences[id_] = difference
    return differences


async def _rows(store: Store, ids: Iterable[bytes]) -> dict[bytes, ShapeRow]:
    async with store.database.connection() as connection:
        return await shape_rows(connection, store.workspace, list(ids))


async def _states(
    reads: ViewReads, used: UsedShapes, places: Mapping[bytes, Collection[Place]]
) -> tuple[dict[bytes, _State], int]:
    """Return the state of each id in Redis, and the time of Redis in milliseconds."""
    ids, keys = list(places), reads.keys
    commands: list[Sequence[Argument]] = [("TIME",), ("HMGET", keys.holding, *ids)]
    commands += [("ZMSCORE", key, *ids) for key in (keys.marks, keys.swept, keys.indexes[0])]
    commands.append(("SMISMEMBER", keys.reordering, *ids))
    (seconds, microseconds), held, marks, swept, indexed, in_doubt = await reads.send_all(commands)
    members: dict[Place, list[bytes]] = defaultdict(list)
    for id_, found in places.items():
        for place in found:
            members[place].append(id_)
    scores: dict[bytes, dict[Place, Scores]] = {id_: {} for id_ in ids}
    for place, found_scores in (await reads.scores(used, members)).items():
        for id_, each in zip(members[place], found_scores, strict=True):
            scores[id_][place] = each
    states = {
        id_: _State(mark, views is not None or bool(doubt), sweep is not None or place is not None, scores[id_])
        for id_, mark, views, sweep, place, doubt in zip(ids, marks, held, swept, indexed, in_doubt, strict=True)
    }
    return states, int(seconds) * 1000 + int(microseconds) // 1000


def _difference(
    store: Store, used: UsedShapes, row: ShapeRow | None, state: _State, now_ms: int
) -> ViewDifference | None:
    """Describe how the declared views differ from the row, or return None."""
    own = places_of(used, row)
    if state.mark_deadline_ms is not None:
        tolerance_ms = (store.longest_transaction + MARK_TOLERANCE) / MILLISECOND
        is_overdue = state.is_held and now_ms - state.mark_deadline_ms > tolerance_ms
        return ViewDifference("its mark holds declared views after its deadline", "", ()) if is_overdue else None
    has_expired = row is not None and row.expires_at != "" and int(row.expires_at) <= now_ms
    problems, found = dict[Place, str](), list[View]()
    for place, scores in state.scores.items():
        if row is not None and place in own and not has_expired:
            problems[place] = wrong_place(row, place, used[place.shape].orders, scores)
        elif any(score is not None for score in scores) and not (has_expired and place in own and state.leaves):
            reason = (
                "but does not belong there" if row is not None and not has_expired else "but was deleted or has expired"
            )
            problems[place] = f"it is in the view {place}, {reason}"
            with suppress(ValueError):  # the scrub cannot name such a view
                found.append(view_of(parse_declaration(place.shape)[0], place.key))
    for place, problem in problems.items():
        if problem:
            return ViewDifference(problem, place.shape, found)
    return (
        ViewDifference("declared views are held for it, but no write is in flight", "", ()) if state.is_held else None
    )
