"""The steps that build the shapes of declared views (V1 to V4), and remove from them what has expired (E2)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from cache.redis.client import Argument
from cache.redis.index_scripts import IndexScripts
from db.shape_source import ShapeRow
from db.views import MAX_DIMENSIONS, Shape, view_keys

# Redis serves nobody else during a script.
ENLIST_TASKS = 500
SWEPT_IDS = 500
CLEARED_VIEWS = 200
BUILDING = b"~"


class ShapeSteps(IndexScripts):
    """The steps on the shapes of one index."""

    async def shapes(self) -> dict[str, bytes]:
        """Return the generation of each shape that is in use or being built; of none if the fence is broken."""
        keys = self.keys
        rev, found = await self._send([("GET", keys.rev), ("HGETALL", keys.shapes)])
        if found.pop(b"rev", None) != rev:
            return {}
        return {name.decode(): generation for name, generation in found.items()}

    async def look(self) -> tuple[list[str], bool]:
        """Return the declared shapes that are not in use, and whether there are shapes that are not declared."""
        named, found = self.views.named, await self.shapes()
        missing = [name for name in named if found.get(name, BUILDING).startswith(BUILDING)]
        return missing, any(name not in named for name in found)

    async def begin(self, generations: Mapping[str, int]) -> None:
        """V1: let writers maintain these shapes from now on. No writer may be in flight."""
        named = self.views.named
        flat = [part for name, number in generations.items() for part in (name, number, len(named[name]))]
        await self._run("begin_shapes", [], self.views.maintained, *flat)

    async def enlist(self, name: str, shape: Shape, generation: int, rows: Sequence[ShapeRow]) -> bool:
        """V2: add tasks to the views of a shape. Return False if this generation is no longer being built."""
        for start in range(0, len(rows), ENLIST_TASKS):
            views: dict[str, list[Argument]] = defaultdict(list)
            for row in rows[start : start + ENLIST_TASKS]:
                for key in view_keys(row, shape):
                    views[key] += (row.id, row.created_at, row.expires_at)
            flat: list[Argument] = []
            for key, tasks in views.items():
                flat += (key, len(tasks) // 3, *tasks)
            if flat and await self._run("enlist", [], name, generation, *flat) != b"OK":
                return False
        return True

    async def finish(self, generations: Mapping[str, int]) -> bool:
        """V3: put the shapes into use. Return False if they are no longer being built."""
        flat = [part for item in generations.items() for part in item]
        reply: bytes = await self._run("finish_shapes", [], self.views.maintained, *flat)
        return reply == b"OK"

    async def stale_generations(self) -> list[bytes]:
        """V4: return the generations that may have sets but that no shape names."""
        (known,) = await self._send([("SMEMBERS", self.keys.generations)])
        used = {generation.lstrip(BUILDING) for generation in (await self.shapes()).values()}
        return [generation for generation in known if generation not in used]

    async def clear(self, generation: bytes) -> None:
        """V4: remove the sets of a generation."""
        registries = [self.keys.view_values(generation, number) for number in range(1, MAX_DIMENSIONS + 1)]
        sizes = await self._send([("ZCARD", registry) for registry in registries])
        # The values of the last dimension are registered in the order of the shape: they are the keys of the views.
        last = registries[max((number for number, size in enumerate(sizes) if size), default=0)]
        while keys := (await self._send([("ZRANGE", last, 0, CLEARED_VIEWS - 1)]))[0]:
            sets = [name for key in keys for name in self.keys.view_sets(generation, key)]
            await self._send([("UNLINK", *sets), ("ZREM", last, *keys)])
        await self._send([("UNLINK", *registries, self.keys.touched(generation))])
        await self._send([("SREM", self.keys.generations, generation)])

    async def swept(self) -> dict[bytes, int]:
        """Return expired ids that the declared views may still hold, with the number of their sweep."""
        (found,) = await self._send([("ZRANGE", self.keys.swept, 0, SWEPT_IDS - 1, "WITHSCORES")])
        return {id_: int(sweep) for id_, sweep in found}

    async def unlist(self, swept: Mapping[bytes, int], rows: Mapping[bytes, ShapeRow]) -> bool:
        """E2: remove expired ids from the views of their rows. Return False if another process knows more shapes."""
        flat = [part for id_, sweep in swept.items() for part in (id_, sweep, self.views.pack(rows.get(id_)))]
        reply: bytes = await self._run("unlist", [], self.views.maintained, *flat)
        return reply == b"OK"

    async def _send(self, commands: Sequence[Sequence[Argument]]) -> list[Any]:
        return await self._redis.send(commands, run_id=self.gate.redis_run_id)
