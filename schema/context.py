"""What every resolver finds in `info.context`."""

from dataclasses import dataclass

from strawberry.types import Info as StrawberryInfo

from cache.feed.feed import Feed
from cache.reads.session import Session


@dataclass(frozen=True)
class Context:
    """One request: its session of the store, the id that its log lines carry, and the feed of this process."""

    session: Session
    request_id: str
    feed: Feed


Info = StrawberryInfo[Context, None]
