"""What can go wrong in the database, and the one boundary where psycopg's errors are translated."""

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
    """The database cannot be reached at the moment; nothing was changed."""


class DatabaseBusy(DatabaseUnavailable):
    """Every database connection is in use; nothing was changed."""


class DatabaseTimeout(DatabaseUnavailable):
    """The database took longer than it is allowed to; nothing was changed."""


class CommitUnknown(DatabaseUnavailable):
    """The connection broke during the commit: the change may have been made. Read it again."""


class DatabaseTooOld(DatabaseError):
    """PostgreSQL 17 or newer is needed."""


_TIMEOUTS = (errors.QueryCanceled, errors.TransactionTimeout, errors.LockNotAvailable)
_BUSY = (TooManyRequests, errors.TooManyConnections)
_CONFLICTS = (errors.DeadlockDetected, errors.SerializationFailure)


def translated(error: psycopg.Error) -> DatabaseError:
    """The same failure as one of ours, with psycopg's as its cause."""
    if isinstance(error, _TIMEOUTS):
        return DatabaseTimeout()
    if isinstance(error, _BUSY):
        return DatabaseBusy()
    if isinstance(error, _CONFLICTS):
        return DatabaseBusy("Another writer was in the way; nothing was changed. Try again.")
    if isinstance(error, PoolClosed | psycopg.OperationalError | psycopg.InterfaceError):
        return DatabaseUnavailable()
    return DatabaseError(str(error).partition("\n")[0])


@asynccontextmanager
async def translate() -> AsyncIterator[None]:
    """Lets no error of psycopg out untranslated."""
    try:
        yield
    except psycopg.Error as error:
        raise translated(error) from error
