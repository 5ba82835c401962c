"""Look-ups that wait for the next round trip to the database, all of them in one statement."""

import asyncio
from collections.abc import Mapping
from typing import Generic, TypeVar

from db.errors import DatabaseBusy, DatabaseError, DatabaseUnavailable

Key = TypeVar("Key")
Value = TypeVar("Value")

MAX_WAITING = 2000
# New keys get no more of it, so that there is always room for keys that were known before.
MAX_WAITING_NEW = 256
# The keys of one statement.
BATCH = 500
WAIT_SECONDS = 5.0


class Lookups(Generic[Key, Value]):
    """Keys that callers look up. Callers of the same key share its look-up. `wake` is set for a new one."""

    def __init__(self, wake: asyncio.Event) -> None:
        self._wake = wake
        self._waiting: dict[Key, asyncio.Future[Value | None]] = {}
        self._taken: dict[Key, asyncio.Future[Value | None]] = {}

    async def find(self, key: Key, *, new: bool = False) -> Value | None:
        """Return the value of a key, read after this call; None if it has none. Raises `DatabaseUnavailable`.

        new: whether the key was not known before, as that of a wrong token.
        """
        found = self._waiting.get(key)
        if found is None:
            if len(self._waiting) >= (MAX_WAITING_NEW if new else MAX_WAITING):
                raise DatabaseBusy
            found = self._waiting[key] = asyncio.get_running_loop().create_future()
            self._wake.set()
        try:
            # Shielded, because other callers may share it.
            async with asyncio.timeout(WAIT_SECONDS):
                return await asyncio.shield(found)
        except TimeoutError as error:
            raise DatabaseUnavailable from error

    def take(self) -> list[Key]:
        """Return the oldest waiting keys, to be answered next. Callers who come later do not share their look-up."""
        keys = list(self._waiting)[:BATCH]
        self._taken = {key: self._waiting.pop(key) for key in keys}
        if self._waiting:
            self._wake.set()
        return keys

    def answer(self, values: Mapping[Key, Value]) -> None:
        """Give the callers of the keys that were taken their values."""
        taken, self._taken = self._taken, {}
        for key, found in taken.items():
            if not found.done():
                found.set_result(values.get(key))

    def fail(self, error: DatabaseError) -> None:
        """Raise an error in all callers."""
        failed = [*self._taken.values(), *self._waiting.values()]
        self._taken, self._waiting = {}, {}
        for found in failed:
            if not found.done():
                found.set_exception(error)
                found.exception()  # marks it as retrieved: a caller may have given up
