"""A request to /graphql, with its headers in the form in which the parts of the endpoint read them."""

from collections.abc import Awaitable, Callable
from functools import partial

from msgspec import Struct
from starlette.types import Receive

from api.realtime.sse import wait_for_disconnect
from db.caller import Caller


class IncomingRequest(Struct, gc=False):
    """An HTTP request without its body. Of a header that comes twice, `headers` has the first value.

    client: the address of the client, empty if it is not known. caller: None until it is identified.
    """

    id: str
    method: str
    headers: dict[bytes, bytes]
    query_string: bytes
    receive: Receive
    client: str = ""
    caller: Caller | None = None

    def header(self, name: bytes) -> str:
        """Return the value of a header, named in lower case, or an empty string."""
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def disconnect(self) -> Callable[[], Awaitable[None]]:
        """A function that returns when the client has disconnected. The body must have been read."""
        return partial(wait_for_disconnect, self.receive)
