"""What every resolver finds in `info.context`."""

from dataclasses import dataclass

from strawberry.types import Info as StrawberryInfo

from cache.feed.feed import Feed
from cache.reads.session import Tasks


@dataclass(frozen=True)
class Context:
    """Made per request: its view of the tasks, the id that its log lines carry, and the feed of this process."""

    tasks: Tasks
    request_id: str
    feed: Feed


Info = StrawberryInfo[Context, None]
