"""What Redis holds for the declared views at the end of a run, compared with the rows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import starmap
from typing import Any, cast

import psycopg
import redis.asyncio as async_redis
from redis.exceptions import RedisError

from cache.redis.client import Argument, Redis
from cache.redis.declared_views import DeclaredViews
from cache.redis.shape_steps import ShapeSteps
from db.gate import Gate
from db.shape_source import ShapeRow
from db.views import parse_declaration, view_keys
from tests.faults.cluster import Cluster
from tests.faults.views import SHAPES
from tests.support.view_state import Members, read_members

GATE = "SELECT state::text, epoch, redis_run_id FROM gate WHERE workspace_id = %s"
ROWS = """
    SELECT uuid_send(id), ((extract(epoch FROM created_at) * 1000000)::bigint)::text,
           coalesce(floor(extract(epoch FROM expires_at) * 1000)::bigint::text, ''),
           list_id::text, assignee, labels, priority::text, status::text,
           CASE WHEN due_at IS NULL THEN 9007199254740992 - (extract(epoch FROM created_at) * 1000000)::bigint
           ELSE (extract(epoch FROM due_at) * 1000)::bigint END,
           (4503599627370496 + (extract(epoch FROM created_at) * 1000000)::bigint)
           * CASE priority WHEN 'NONE' THEN 1 WHEN 'LOW' THEN 2 ELSE 16 END
    FROM task
    WHERE workspace_id = %s AND deleted_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())
"""
VIEWS = DeclaredViews(dict(map(parse_declaration, SHAPES.split(","))))


class DirectRedis:
    """Sends commands to Redis past the proxies of the processes."""

    def __init__(self, client: async_redis.Redis) -> None:
        self._client = client

    async def send(self, commands: Sequence[Sequence[Argument]], *, run_id: str = "") -> list[Any]:
        """Send commands and return their replies."""
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        return await pipeline.execute()


async def declared_violations(cluster: Cluster, workspace: str) -> list[str]:
    """I3 of the declared views: Redis can answer for all of them, they equal the rows, and no id is in flight."""
    async with await psycopg.AsyncConnection.connect(cluster.database_url) as connection:
        gate = await (await connection.execute(GATE, (workspace,))).fetchone()
        rows = starmap(ShapeRow, await (await connection.execute(ROWS, (workspace,))).fetchall())
        expected = _expected(rows)
    assert gate is not None, "the gate has no row"
    redis = DirectRedis(cluster.redis.client)
    steps = ShapeSteps(cast(Redis, redis), Gate(*gate), workspace, VIEWS)
    try:
        found = await read_members(steps, redis)
        held, moving = await redis.send([("HKEYS", steps.keys.holding), ("SMEMBERS", steps.keys.reordering)])
    except (AssertionError, IndexError, RedisError, OSError) as error:
        # Not I3: PostgreSQL answers, and nothing is wrong yet.
        return [f"unbuilt: Redis does not answer for the declared views: {error!r}"]
    return _differences(found, expected) + [f"I3: {id_.hex()} is in flight" for id_ in {*held, *moving} if id_]


def _expected(rows: Iterable[ShapeRow]) -> Members:
    members: Members = defaultdict(dict)
    for row in rows:
        created_at, expires_at = int(row.created_at), int(row.expires_at) if row.expires_at else ""
        for name, shape in VIEWS.named.items():
            scores = [int(row.score(order)) for order in VIEWS.shapes[shape]]
            for key in view_keys(row, shape):
                members[name, key][row.id] = (created_at, expires_at, *scores)
    return dict(members)


def _differences(found: Members, expected: Members) -> list[str]:
    differences = []
    for view in sorted(found.keys() | expected.keys()):
        ids, tasks = found.get(view, {}), expected.get(view, {})
        differences += [
            f"I3: the declared view {view} has {id_.hex()} at {ids.get(id_)}, but the row {tasks.get(id_)}"
            for id_ in sorted(ids.keys() | tasks.keys())
            if ids.get(id_) != tasks.get(id_)
        ]
    return differences
