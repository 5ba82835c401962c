"""What a warm start loads, in which order, and how fast."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from cache.redis.index import PageRange
from db.usage import RequestedPage
from db.views import View

# The tasks of one batch: one statement of PostgreSQL reads them. Other requests of the worker wait while it decodes
# them, for about a millisecond.
BATCH_TASKS = 100
# The commands that Redis executes for a task: one finds its entry; a missing entry takes four more in the scripts of
# the lease and the fill.
FOUND_COMMANDS, LOADED_COMMANDS = 1, 5
# How much longer than its work a pause may be.
_MAX_PAUSES = 8.0
# A slower load is taken as the normal one again after some tens of batches.
_FORGETTING = 1.02

# A page, or the ids of a batch of tasks.
Portion = PageRange | list[UUID]


class WarmBudget(Struct, frozen=True):
    """What a warm start may use: commands of Redis per second, and a share of Redis's memory.

    0 commands turn warm starts off. One ends when Redis uses `memory_share` of its limit, for whatever purpose.
    """

    commands_per_second: int = 0
    memory_share: float = 0.75


def with_uncounted(tasks: Sequence[tuple[UUID, int]], ids: Sequence[UUID], limit: int) -> list[tuple[UUID, int]]:
    """Return up to `limit` tasks: the counted ones, then those of the ids that were not counted, with the count 0."""
    counted = {id_ for id_, _ in tasks}
    return [*tasks, *((id_, 0) for id_ in ids if id_ not in counted)][:limit]


def plan(tasks: Sequence[tuple[UUID, int]], pages: Sequence[RequestedPage]) -> list[Portion]:
    """Return the portions to load, the most requested ones first.

    Both sequences are in the order of their counts. A page precedes the batches whose tasks were all requested less
    often than the page.
    """
    portions: list[Portion] = []
    waiting = list(reversed(pages))
    for start in range(0, len(tasks), BATCH_TASKS):
        batch = tasks[start : start + BATCH_TASKS]
        while waiting and waiting[-1].count >= batch[0][1]:
            portions.append(_range(waiting.pop()))
        portions.append([id_ for id_, _ in batch])
    return portions + [_range(page) for page in reversed(waiting)]


def _range(page: RequestedPage) -> PageRange:
    return PageRange(page.first, offset=page.position, view=View(status=page.status), order=page.order)


def tasks_in(portions: Sequence[Portion]) -> int:
    """Return the number of tasks in the portions. A task counts each time that a portion names it."""
    return sum(map(size, portions))


def size(portion: Portion) -> int:
    """Return the number of tasks in a portion."""
    return portion.count if isinstance(portion, PageRange) else len(portion)


class Pace:
    """The pauses of a warm start: long enough for its budget, and longer the busier the stores and this worker are.

    A batch that takes twice as long for each command as the quickest one of late waits for readers. A pause is as long
    as the batch before it, times this ratio. So the warm start uses half of one connection at most, and less under
    load.
    """

    def __init__(self, commands_per_second: int) -> None:
        self._commands_per_second = commands_per_second
        self._quickest = float("inf")

    def pause(self, commands: int, seconds: float) -> float:
        """Return the pause in seconds after so many commands, which took so many seconds."""
        each = seconds / max(commands, 1)
        self._quickest = min(each, self._quickest * _FORGETTING)
        load = min(each / self._quickest, _MAX_PAUSES) if self._quickest else 1.0
        return max(seconds * load, commands / self._commands_per_second - seconds)
