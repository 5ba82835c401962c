"""The exceptions of this layer, and the translation of psycopg's errors into them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg import errors
from psycopg_pool import PoolClosed, TooManyRequests


class DatabaseError(Exception):
    """The database refused a statement."""

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or "")


class DatabaseUnavailable(DatabaseError):
    """The database cannot be reached. Nothing was changed. Try again later."""


class DatabaseBusy(DatabaseUnavailable):
    """Every database connection is in use. Nothing was changed. Try again."""


class DatabaseTimeout(DatabaseUnavailable):
    """The database took longer than its time limit. Nothing was changed. Try again."""


class CommitUnknown(DatabaseUnavailable):
    """The connection broke during the commit, so the change may have been made. Read the data before you try again."""


class DatabaseTooOld(DatabaseError):
    """The server is older than PostgreSQL 17."""


_TIMEOUTS = (errors.QueryCanceled, errors.TransactionTimeout, errors.LockNotAvailable)
_BUSY = (TooManyRequests, errors.TooManyConnections)
_CONFLICTS = (errors.DeadlockDetected, errors.SerializationFailure)


def translated(error: psycopg.Error) -> DatabaseError:
    """Return the `DatabaseError` for an error of psycopg."""
    if isinstance(error, _TIMEOUTS):
        return DatabaseTimeout()
    if isinstance(error, _BUSY):
        return DatabaseBusy()
    if isinstance(error, _CONFLICTS):
        return DatabaseBusy("The write conflicted with a concurrent write. Nothing was changed. Try again.")
    if isinstance(error, PoolClosed | psycopg.OperationalError | psycopg.InterfaceError):
        return DatabaseUnavailable()
    return DatabaseError(str(error).partition("\n")[0])


@asynccontextmanager
async def translate() -> AsyncIterator[None]:
    """Raise every psycopg error of the block as a `DatabaseError`, with the original as its cause."""
    try:
        yield
    except psycopg.Error as error:
        raise translated(error) from error
