"""The context that Strawberry passes to every resolver as `info.context`."""

from msgspec import Struct
from strawberry.types import Info as StrawberryInfo

from cache.feed.feed import Feed
from cache.reads.session import Session


class Context(Struct, frozen=True, eq=False):
    """The context of one request: its session of the store, its id for log lines, and the feed of the process."""

    session: Session
    request_id: str
    feed: Feed


Info = StrawberryInfo[Context, None]
