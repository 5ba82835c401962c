"""Reads of the sets of declared views, for the audit."""

import random
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from cache.redis.client import Argument
from cache.redis.keys import BEACON
from cache.redis.shape_steps import BUILDING, ShapeSteps
from db.orders import DECLARED_ORDERS
from db.views import Orders, Shape, parse_declaration

# A round trip has at most this many commands.
COMMANDS = 1_000
# Sets that are scanned at a time, and about so many ids of all of them. A small set is always read as a whole.
SCANNED_SETS, SCANNED_IDS = 100, 5_000
_SEPARATOR = "\0"
# The kinds of sets of a view: by creation, by expiry, and in each declared order.
KINDS = (b"i", b"e", b"d", b"p")


class Place(NamedTuple):
    """A declared view: the name of its shape, and its key."""

    shape: str
    key: str

    def __str__(self) -> str:
        return " ".join([self.shape, *(map(repr, self.key.split(_SEPARATOR)) if self.key else ())])


class UsedShape(NamedTuple):
    """A shape in use, its declared orders, and the generation of its sets."""

    shape: Shape
    orders: Orders
    generation: bytes


# By the name of the shape.
UsedShapes = dict[str, UsedShape]
# The scores by creation, by expiry, and in each declared order; None where the id is not in the set.
Scores = tuple[float | None, ...]


class ViewReads(ShapeSteps):
    """Reads of the declared views of one index, which change nothing."""

    async def used(self) -> UsedShapes:
        """Return the shapes in use whose dimensions are known."""
        found: UsedShapes = {}
        for name, generation in (await self.shapes()).items():
            with suppress(ValueError):  # a later release has declared it
                if not generation.startswith(BUILDING):
                    found[name] = UsedShape(*parse_declaration(name), generation)
        return found

    async def scores(self, used: UsedShapes, members: Mapping[Place, Sequence[bytes]]) -> dict[Place, list[Scores]]:
        """Return the scores of ids in views, in the order of the ids."""
        commands: list[Sequence[Argument]] = []
        for place, ids in members.items():
            commands += [("ZMSCORE", key, *ids) for key in self._sets(used, place)]
        replies = iter(await self.send_all(commands))
        return {place: list(zip(*(next(replies) for _ in self._sets(used, place)), strict=True)) for place in members}

    async def members(self, used: UsedShapes, places: Iterable[Place]) -> AsyncIterator[list[tuple[Place, bytes]]]:
        """Yield the ids in the sets of views, each with its view, thousands at a time."""
        pending = [(place, key, b"0") for place in places for key in self._sets(used, place)]
        while pending:
            part, pending = pending[:SCANNED_SETS], pending[SCANNED_SETS:]
            count = SCANNED_IDS // len(part)
            replies = await self._send([("ZSCAN", key, cursor, "COUNT", count) for _, key, cursor in part])
            found = []
            for (place, key, _), (cursor, scored) in zip(part, replies, strict=True):
                found += [(place, id_) for id_ in scored[::2] if id_ != BEACON]
                if cursor != b"0":
                    pending.append((place, key, cursor))
            yield found

    async def random_places(self, name: str, shape: UsedShape, count: int) -> list[Place]:
        """Return up to `count` random views from one of the registries of a shape."""
        at, key = random.choice(list(enumerate(self.registries(shape))))  # noqa: S311
        (found,) = await self._send([("ZRANDMEMBER", key, count)])
        return [registered_place(name, at, member) for member in found if member != BEACON]

    async def random_members(self, used: UsedShapes, places: Iterable[Place], count: int) -> list[tuple[Place, bytes]]:
        """Return up to `count` random ids of each set of each view."""
        sets = [(place, key) for place in places for key in self._sets(used, place)]
        replies = await self.send_all([("ZRANDMEMBER", key, count) for _, key in sets])
        return [(place, id_) for (place, _), ids in zip(sets, replies, strict=True) for id_ in ids if id_ != BEACON]

    async def random_held(self, count: int) -> list[bytes]:
        """Return up to `count` random ids whose views are held."""
        (found,) = await self._send([("HRANDFIELD", self.keys.holding, count)])
        return [id_ for id_ in found if id_ != BEACON]

    def registries(self, shape: UsedShape) -> list[bytes]:
        """Return the keys of the registries of a shape, that of its first dimension first."""
        return [self.keys.view_values(shape.generation, number + 1) for number in range(len(shape.shape))]

    async def broken(self, used: UsedShapes, places: Iterable[Place]) -> dict[Place, str]:
        """Return what is wrong with views as a whole: their beacons, or their places in the registries."""
        commands: list[Sequence[Argument]] = []
        places = list(places)
        for place in places:
            sets = self._sets(used, place)
            registries = self.registries(used[place.shape])
            commands += [("ZSCORE", key, _rotated(place.key, at)) for at, key in enumerate(registries)]
            commands += [("ZSCORE", key, BEACON) for key in sets]
            commands.append(("ZCARD", sets[0]))
        replies, found = iter(await self.send_all(commands)), dict[Place, str]()
        for place in places:
            registered = [next(replies) is not None for _ in used[place.shape].shape]
            beacons = {next(replies) is not None for _ in self._sets(used, place)}
            size = next(replies)
            if problem := _problem(registered, beacons, size):
                found[place] = problem
        return found

    async def unregistered(self, used: UsedShapes, places: Iterable[Place]) -> list[Place]:
        """Return the views that the first registry of their shape lacks."""
        by_shape: dict[str, list[Place]] = defaultdict(list)
        for place in places:
            by_shape[place.shape].append(place)
        commands: list[Sequence[Argument]] = [
            ("ZMSCORE", self.registries(used[name])[0], *(_rotated(place.key, 0) for place in found))
            for name, found in by_shape.items()
        ]
        replies = await self.send_all(commands)
        return [
            place
            for found, scores in zip(by_shape.values(), replies, strict=True)
            for place, score in zip(found, scores, strict=True)
            if score is None
        ]

    async def without_beacon(self, used: UsedShapes) -> list[str]:
        """Return the names of shapes with a registry that has lost its beacon."""
        names = [(name, key) for name, shape in used.items() for key in self.registries(shape)]
        replies = await self.send_all([("ZSCORE", key, BEACON) for _, key in names])
        return sorted({name for (name, _), score in zip(names, replies, strict=True) if score is None})

    def places_of_sets(self, used: UsedShapes, keys: Iterable[bytes]) -> set[Place]:
        """Return the views in use to which keys of sets belong."""
        names, places = {shape.generation: name for name, shape in used.items()}, set[Place]()
        for generation, kind, values in map(self.keys.split_view_set, keys):
            if generation in names and kind in KINDS:
                places.add(Place(names[generation], values.decode(errors="replace")))
        return places

    async def drop(self, name: str) -> None:
        """End the use of a shape, so that it is built again."""
        await self._send([("HDEL", self.keys.shapes, name)])

    async def send_all(self, commands: Sequence[Sequence[Argument]]) -> list[Any]:
        """Return the replies to any number of commands."""
        replies: list[Any] = []
        for start in range(0, len(commands), COMMANDS):
            replies += await self._send(commands[start : start + COMMANDS])
        return replies

    def _sets(self, used: UsedShapes, place: Place) -> list[bytes]:
        shape, key = used[place.shape], place.key.encode()
        by_order = dict(zip(DECLARED_ORDERS, self.keys.order_sets(shape.generation, key), strict=True))
        return [*self.keys.view_sets(shape.generation, key), *(by_order[order] for order in shape.orders)]


def registered_place(name: str, at: int, member: bytes) -> Place:
    """Return the view that a member of the registry of a shape stands for. `at` is the dimension, from 0."""
    *others, value = member.decode(errors="replace").split(_SEPARATOR)
    others.insert(at, value)
    return Place(name, _SEPARATOR.join(others))


def _rotated(key: str, at: int) -> str:
    values = key.split(_SEPARATOR)
    return _SEPARATOR.join([*values[:at], *values[at + 1 :], *values[at : at + 1]])


def _problem(registered: Sequence[bool], beacons: set[bool], size: int) -> str:
    if not any(registered) and True not in beacons and not size:
        return ""  # no task belongs to it
    if False in beacons:
        return "its sets were lost"
    if not all(registered):
        return "it is missing from the registry of values"
    return "" if size > 1 else "it has no tasks"
