"""What every resolver finds in `info.context`."""

from dataclasses import dataclass

from strawberry.types import Info as StrawberryInfo

from cache.tasks import Tasks


@dataclass(frozen=True)
class Context:
    """Made per request: its view of the tasks, and the id that its log lines carry."""

    tasks: Tasks
    request_id: str


Info = StrawberryInfo[Context, None]
