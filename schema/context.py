"""The context that Strawberry passes to every resolver as `info.context`."""

from msgspec import Struct
from strawberry.types import Info as StrawberryInfo

from cache.feed.feed import Feed
from cache.rates.allowance import UNLIMITED, Allowance
from cache.reads.session import Session
from db.caller import Caller


class Context(Struct, frozen=True, eq=False):
    """The context of one request: its session of the store, its id, its caller, the feed of the workspace.

    allowance: the points that the caller may spend.
    address: the network address of the client; empty if it is not known.
    """

    session: Session
    request_id: str
    caller: Caller
    feed: Feed
    allowance: Allowance = UNLIMITED
    address: str = ""


Info = StrawberryInfo[Context, None]
