"""Request ids: new ones, and the id of the request that the current asyncio task serves."""

import os
from collections.abc import Iterator
from contextvars import ContextVar

_ID_BYTES, _IDS_PER_BLOCK = 8, 256
# Log lines of the request carry this id.
current_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


def _ids() -> Iterator[str]:
    """Yield random ids. One call of the system serves many, because the call costs more than the rest."""
    digits = 2 * _ID_BYTES
    while True:
        block = os.urandom(_ID_BYTES * _IDS_PER_BLOCK).hex()
        for start in range(0, len(block), digits):
            yield block[start : start + digits]


_new_ids = _ids()


def new_request_id() -> str:
    """Return a random request id: 16 hexadecimal digits. Call it from one thread only."""
    return next(_new_ids)
