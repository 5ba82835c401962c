"""The steps that build the shapes of declared views (V1 to V4), and remove from them what has expired (E2)."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog

from cache.errors import RedisFull
from cache.redis.client import Argument
from cache.redis.index_scripts import IndexScripts
from cache.redis.pipeline import pack_command
from cache.redis.script_texts import script_sha
from db.errors import explain
from db.index_source import CREATED_DIGITS, EXPIRY_DIGITS, pair_length
from db.orders import SCORE_DIGITS
from db.shape_source import ShapeRow, ViewBatch
from db.views import MAX_DIMENSIONS, Orders

# Redis serves no other client during a script, which takes 0.2 to 0.4 ms for so many tasks that never expire.
ENLIST_TASKS = 125
SWEPT_IDS = 500
CLEARED_VIEWS = 200
# A shape that was given up, because Redis had no memory for it, is not built again before.
GIVEN_UP_SECONDS = 240
# Redis frees the memory of deleted sets in the background.
FREE_ATTEMPTS, FREE_SECONDS = 10, 0.05

log = structlog.get_logger(__name__)
BUILDING = b"~"


class ShapeSteps(IndexScripts):
    """The steps on the shapes of one index."""

    async def shapes(self) -> dict[str, bytes]:
        """Return the generation of each shape that is in use or being built; of none if the fence is broken."""
        commands = [("GET", self.keys.rev), ("HGETALL", self.keys.shapes), ("GET", self.keys.rev)]
        before, found, after = await self._send(commands)
        while before != after:  # a writer came between
            before, found, after = await self._send(commands)
        if found.pop(b"rev", None) != after:
            return {}
        return {name.decode(): generation for name, generation in found.items()}

    async def look(self) -> tuple[list[str], bool]:
        """Return the declared shapes that are not in use, and whether there are shapes that are not declared."""
        named, found = self.views.named, await self.shapes()
        missing = [name for name in named if found.get(name, BUILDING).startswith(BUILDING)]
        given_up = await self._send([("EXISTS", self.keys.given_up(name)) for name in missing]) if missing else []
        missing = [name for name, is_given_up in zip(missing, given_up, strict=True) if not is_given_up]
        return missing, any(name not in named for name in found)

    async def begin(self, generations: Mapping[str, int]) -> None:
        """V1: let writers maintain these shapes from now on. No writer may be in flight."""
        named = self.views.named
        flat = [part for name, number in generations.items() for part in (name, number, len(named[name]))]
        await self._run("begin_shapes", [], self.views.maintained, *flat)

    async def begin_adding(self, generations: Mapping[str, int]) -> None:
        """V2: let Redis know the script whose packed calls follow."""
        for name, generation in generations.items():
            await self._run("enlist", [], name, generation)

    def pack_batches(self, name: str, generation: int, batches: Sequence[ViewBatch]) -> Iterator[bytes]:
        """V2: yield packed commands that add tasks to the views of a shape."""
        keys = self.keys.prelude
        sha = script_sha("enlist", sharded=self._redis.sharded)
        script = pack_command(("EVALSHA", sha, len(keys), *keys, name, generation))
        head = script.partition(b"\r\n")[2]
        for parts, arguments in _packed_views(batches, self.views.shapes[self.views.named[name]]):
            yield b"*%d\r\n%b%b" % (len(keys) + 5 + arguments, head, b"".join(parts))

    def all_added(self, replies: Sequence[bytes]) -> bool:
        """V2: return False if the replies show that a shape is no longer being built."""
        return all(self._found(reply) == b"OK" for reply in replies)

    async def finish(self, generations: Mapping[str, int]) -> bool:
        """V3: put the shapes into use. Return False if a worker has dropped them."""
        flat = [part for item in generations.items() for part in item]
        reply: bytes = await self._run("finish_shapes", [], self.views.maintained, *flat)
        return reply == b"OK"

    async def stale_generations(self) -> list[bytes]:
        """V4: return the generations that may have sets but that no shape names."""
        # In this order: a generation that `shapes` does not name any more is never named again.
        known, named = await self._send([("SMEMBERS", self.keys.generations), ("HVALS", self.keys.shapes)])
        used = {generation.lstrip(BUILDING) for generation in named}
        return [generation for generation in known if generation not in used]

    async def clear(self, generation: bytes) -> None:
        """V4: remove the sets of a generation."""
        registries = [self.keys.view_values(generation, number) for number in range(1, MAX_DIMENSIONS + 1)]
        sizes = await self._send([("ZCARD", registry) for registry in registries])
        # The values of the last dimension are registered in the order of the shape, like the keys of the views.
        last = registries[max((number for number, size in enumerate(sizes) if size), default=0)]
        while keys := (await self._send([("ZRANGE", last, 0, CLEARED_VIEWS - 1)]))[0]:
            sets = [
                name
                for key in keys
                for name in (*self.keys.view_sets(generation, key), *self.keys.order_sets(generation, key))
            ]
            await self._send([("UNLINK", *sets), ("ZREM", last, *keys)])
        await self._send([("UNLINK", *registries, self.keys.touched(generation))])
        await self._send([("SREM", self.keys.generations, generation)])

    async def largest(self) -> tuple[str, int] | None:
        """Return the shape with the most ids in its views, and how many; None without a shape."""
        sizes: dict[str, int] = {}
        for name, value in (await self.shapes()).items():
            generation, at = value.lstrip(BUILDING), 0
            dimensions, _, orders = name.partition(":")
            registry = self.keys.view_values(generation, dimensions.count("+") + 1)
            indexes = 1 + len(orders.split("+")) if orders else 1
            sizes[name] = 0
            while keys := (await self._send([("ZRANGE", registry, at, at + CLEARED_VIEWS - 1)]))[0]:
                counts = await self._send([("ZCARD", self.keys.view_sets(generation, key)[0]) for key in keys])
                sizes[name] += indexes * sum(counts)
                at += len(keys)
        return max(sizes.items(), key=lambda item: item[1], default=None)

    async def give_up_largest(self, error: RedisFull) -> bool:
        """Give up the largest shape, because a write found no memory. Return False if there was none."""
        largest = await self.largest()
        if largest is not None:
            await self.give_up(largest[0], error)
        return largest is not None

    async def give_up(self, name: str, error: RedisFull) -> None:
        """End the use of a shape, and delete its sets, which needs no memory. Its next build waits."""
        log.error("shape given up", shape=name, epoch=self.keys.epoch, reason=explain(error))
        generation = (await self.shapes()).get(name)
        await self._send([("HDEL", self.keys.shapes, name)])
        if generation is not None:
            await self.clear(generation.lstrip(BUILDING))
        for _ in range(FREE_ATTEMPTS):
            with suppress(RedisFull):
                await self._send([("SET", self.keys.given_up(name), 1, "EX", GIVEN_UP_SECONDS)])
                return
            await asyncio.sleep(FREE_SECONDS)

    async def swept(self) -> dict[bytes, int]:
        """Return expired ids that the declared views may still hold, with the number of their sweep."""
        (found,) = await self._send([("ZRANGE", self.keys.swept, 0, SWEPT_IDS - 1, "WITHSCORES")])
        return {id_: int(sweep) for id_, sweep in found}

    async def unlist(self, swept: Mapping[bytes, int], rows: Mapping[bytes, ShapeRow]) -> bool:
        """E2: remove expired ids from the views of their rows. Return False if another process knows more shapes."""
        flat = [part for id_, sweep in swept.items() for part in (id_, sweep, self.views.pack_row(rows.get(id_)))]
        reply: bytes = await self._run("unlist", [], self.views.maintained, *flat)
        return reply == b"OK"

    async def _send(self, commands: Sequence[Sequence[Argument]]) -> list[Any]:
        return await self._redis.send(commands, run_id=self.gate.redis_run_id)


def _packed_views(batches: Sequence[ViewBatch], orders: Orders) -> Iterator[tuple[list[bytes], int]]:
    """Yield the packed arguments, and their number, of commands that add ENLIST_TASKS tasks each."""
    digits = [CREATED_DIGITS, EXPIRY_DIGITS, *(int(SCORE_DIGITS[order]) for order in orders)]
    lengths = [pair_length(number) for number in digits]
    parts: list[bytes] = []
    arguments, room = 0, ENLIST_TASKS
    for key, *sets in batches:
        start, total, expires = 0, len(sets[0]) // lengths[0], int(sets[1] != b"")
        while start < total:
            end = min(start + room, total)
            parts.append(pack_command((key, end - start, expires)).partition(b"\r\n")[2])
            parts += [part[start * length : end * length] for part, length in zip(sets, lengths, strict=True)]
            arguments += 3 + 2 * (end - start) * (1 + expires + len(orders))
            room -= end - start
            start = end
            if not room:
                yield parts, arguments
                parts, arguments, room = [], 0, ENLIST_TASKS
    if parts:
        yield parts, arguments
