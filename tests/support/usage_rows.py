"""Stores the usage of a month, as workers would have counted it."""

import math
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID

from db.pool import Database
from db.usage import Amounts, Cell, Kind, Resolution, add_usage

HOURS = 60 * 24
# Hours of charts over a week, and of the week before.
STORED_HOURS = 15 * 24
ROWS_AT_ONCE = 5000
_OPERATIONS = ("TaskPage", "SearchTasks", "UpdateTasks", "TaskCounts", "(unnamed)")
_ACTORS = ("token:0197a000-0000-7000-8000-000000000001", "https://id.example.com#8b1f-4444", "anonymous")
_HISTOGRAM = [0, 40, 300, 200, 100, 40, 20, 8, 4, 2, 1, 0, 0, 0]
_MB = 1_000_000


async def store_usage(database_url: str, workspace: str = "default", hours: int = HOURS) -> None:
    """Store the usage of the last hours by day, and that of the last 15 days also by hour."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    rows: dict[Cell, Amounts] = {}
    for hour in range(hours):
        at = now - timedelta(hours=hour)
        starts: tuple[tuple[Resolution, datetime], ...] = (("hour", at), ("day", at.replace(hour=0)))
        for (kind, key), amounts in _usage_of(hours - hour).items():
            for resolution, start in starts:
                if resolution == "day" or hour < STORED_HOURS:
                    rows.setdefault(Cell(workspace, resolution, kind, start, key), Amounts()).add(amounts, kind)
    async with Database(database_url) as database, database.connection() as connection:
        waiting = iter(rows.items())
        while some := dict(islice(waiting, ROWS_AT_ONCE)):
            await add_usage(connection, some)


def _usage_of(hour: int) -> dict[tuple[Kind, str], Amounts]:
    """Return what was counted in an hour: more by day than by night, and each day a little more."""
    busy = int(1000 * (1.2 + math.sin(hour / 24 * 2 * math.pi)) + hour)
    found: dict[tuple[Kind, str], Amounts] = {
        ("counter", "hits"): Amounts(busy * 19),
        ("counter", "misses"): Amounts(busy),
        ("counter", "page_hits"): Amounts(busy * 3),
        ("counter", "page_misses"): Amounts(busy),
        ("counter", "queries_saved"): Amounts(busy * 4),
        ("cause", "never_cached"): Amounts(busy // 2),
        ("cause", "expired"): Amounts(busy // 4),
        ("cause", "evicted"): Amounts(busy // 8),
        ("cause", "changed"): Amounts(busy // 8),
        ("page_cause", "not_cached"): Amounts(busy // 3),
        ("page_cause", "invalidated"): Amounts(busy // 2),
        ("page_cause", "expired"): Amounts(busy // 6),
        ("view", "- NEWEST"): Amounts(busy * 2),
        ("view", "TODO EXPIRING_SOON"): Amounts(busy),
        ("search", "words"): Amounts(busy // 9),
        ("service", "warm_starts"): Amounts(1 if hour % 240 == 0 else 0),
        ("service", "warmed"): Amounts(50_000 if hour % 240 == 0 else 0),
        ("gauge", "index_bytes"): Amounts(160 * _MB + hour * 20_000),
        ("gauge", "redis_index_bytes"): Amounts(160 * _MB + hour * 20_000),
        ("gauge", "redis_used_bytes"): Amounts(420 * _MB + hour * 30_000),
        ("gauge", "redis_max_bytes"): Amounts(1000 * _MB),
        ("gauge", "redis_entries"): Amounts(300_000 + hour * 10),
        ("gauge", "tasks"): Amounts(1_000_000 + hour * 100),
        ("gauge", "page_cache_bytes"): Amounts(42 * _MB),
    }
    for depth in range(7):
        found["depth", str((0, 1, 100, 1000, 10_000, 100_000, 1_000_000)[depth])] = Amounts(busy // 2**depth)
    for number, name in enumerate(_OPERATIONS, 1):
        requests, hash_ = busy // number, f"{number:064x}"
        histogram = [each * requests // 1000 for each in _HISTOGRAM]
        found["operation", f"{hash_} {name}"] = Amounts(requests, requests * 7, number, requests * 0.006, histogram)
        for share, actor in enumerate(_ACTORS, 1):
            found["sender", f"{hash_} {actor}"] = Amounts(requests // share, requests * 7 // share)
    for share, actor in enumerate(_ACTORS, 1):
        found["client", actor] = Amounts(busy // share, busy * 9 // share)
    for number in range(1, 13):
        found["task", str(UUID(int=(7 << 76) + (2 << 62) + number))] = Amounts(busy // number)
    return found
