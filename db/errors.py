"""The exceptions of this layer, and the translation of psycopg's errors into them.

`DECISIONS` has the decision for every SQLSTATE: which exception it becomes. docs/reference/errors.md lists the causes.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import psycopg
from psycopg_pool import TooManyRequests

AnyError = TypeVar("AnyError", bound=BaseException)


class DatabaseError(Exception):
    """The database refused a statement."""

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or "")


class DatabaseUnavailable(DatabaseError):
    """The database cannot be reached. Nothing was changed. Try again later."""


class DatabaseBusy(DatabaseUnavailable):
    """Every database connection is in use. Nothing was changed. Try again."""


class ShareBusy(DatabaseUnavailable):
    """One class of work has as much work in flight as its share of the connections allows, or waited too long for one.

    share: the name of the class in `db.shares`. limit: how much of this work may run or wait.
    """

    def __init__(self, share: str, limit: int) -> None:
        work, unchanged = share.replace("_", " "), " Nothing was changed." if share == "writes" else ""
        super().__init__(f"The worker has reached its limit of {limit} {work} that run or wait.{unchanged} Try again.")
        self.share = share
        self.limit = limit


class DatabaseTimeout(DatabaseUnavailable):
    """The database took longer than its time limit. Nothing was changed. Try again."""


class CommitUnknown(DatabaseUnavailable):
    """The connection broke during the commit, so the change may have been made. Read the data before you try again."""


class NotReplicated(CommitUnknown):
    """An operator ended the wait for the standby, so a failover may lose the change. Read the data before you retry."""


class UnfitDatabase(DatabaseUnavailable):
    """The database is in a state that its operator must change. Nothing was changed. Try again later."""


class StaleSession(UnfitDatabase):
    """The database session lost a prepared statement, so it is closed. Nothing was changed. Try again."""


class ServerEnded(UnfitDatabase):
    """Another server has taken the place of this PostgreSQL, which still answers. Nothing was changed. Try again."""


_Decision = tuple[type[DatabaseError], str]
# The service sent what it must not send. The client gets a masked error, and the log has the details.
_BUG: _Decision = (DatabaseError, "")
_UNREACHABLE: _Decision = (DatabaseUnavailable, "")
_TIMEOUT: _Decision = (DatabaseTimeout, "")
_CONFLICT: _Decision = (DatabaseBusy, "The write conflicted with a concurrent write. Nothing was changed. Try again.")
_COMMIT_UNKNOWN: _Decision = (CommitUnknown, "")
_STALE: _Decision = (StaleSession, "")


def _passing(cause: str) -> _Decision:
    """Return the decision for a cause that passes by itself."""
    return DatabaseUnavailable, f"{cause} Nothing was changed. Try again later."


def _unfit(cause: str) -> _Decision:
    """Return the decision for a cause that the operator must remove."""
    return UnfitDatabase, f"{cause} Nothing was changed. Try again later."


_OTHER_SCHEMA = _unfit("The tables of the database do not fit this version of the service: run python -m api migrate.")

# The classes whose errors are bugs of the service.
# fmt: off
_BUGS = (
    "00", "01", "02", "03", "09", "0B", "0F", "0L", "0P", "0Z", "10", "20", "21", "22", "23", "24",
    "25", "27", "2B", "2D", "2F", "34", "38", "39", "3B", "42", "44", "54", "HV", "P0",
)
# fmt: on

# By SQLSTATE, or by its class (the first two characters) for all others of the class. An empty message stands for that
# of the exception, and for a bug for what PostgreSQL said.
DECISIONS: dict[str, _Decision] = {
    **dict.fromkeys(_BUGS, _BUG),
    "08": _UNREACHABLE,
    "08007": _COMMIT_UNKNOWN,
    # "cached plan must not change result type": a migration has changed a table since the statement was prepared.
    "0A": _STALE,
    "25006": _unfit("The database is read-only: it is a replica, or default_transaction_read_only is on."),
    "25P03": _TIMEOUT,
    "25P04": _TIMEOUT,
    "26": _STALE,
    "28": _unfit("The database refuses the user or the password of the service."),
    "3D": _unfit("The database does not exist."),
    "3F": _OTHER_SCHEMA,
    "40": _CONFLICT,
    "40003": _COMMIT_UNKNOWN,
    "42501": _unfit("The database user of the service lacks a right."),
    "42703": _OTHER_SCHEMA,
    "42704": _OTHER_SCHEMA,
    "42883": _OTHER_SCHEMA,
    "42P01": _OTHER_SCHEMA,
    "42P05": _STALE,
    "53": _unfit("The database has run out of a resource."),
    "53100": _unfit("The disk of the database is full."),
    "53200": _unfit("The database is out of memory."),
    "53300": (DatabaseBusy, "The database accepts no more connections. Nothing was changed. Try again."),
    "55": _unfit("The database is not in the state that the statement needs."),
    "55P03": _TIMEOUT,
    "57": _passing("An operator interrupted the database."),
    "57014": _TIMEOUT,
    "57P01": _passing("The database is stopping, or an operator ended the connection."),
    "57P02": _passing("The database has crashed and is starting again."),
    "57P03": _passing("The database is starting or stopping."),
    "57P04": _unfit("The database was dropped."),
    "57P05": _passing("The database closed the connection because it was idle (idle_session_timeout)."),
    "58": _unfit("The database reports an error of its operating system."),
    "72": _CONFLICT,
    "F0": _unfit("The database has an error in its configuration."),
    "XX": _unfit("The database reports an internal error or damaged data."),
}

# PostgreSQL's reasons to refuse a connection. libpq does not pass on their SQLSTATE. A server with other messages than
# English ones is reported as unreachable, with its message in the log.
_REFUSED_CONNECTIONS: tuple[tuple[str, str], ...] = (
    (r"password authentication failed|no password supplied|password is required", "28P01"),
    (r"no pg_hba\.conf entry|not permitted to log in|authentication failed|role \".*\" does not exist", "28000"),
    (r"too many (clients|connections)|connection slots are reserved", "53300"),
    (r"the database system is |not yet accepting connections", "57P03"),
    (r"database \".*\" does not exist", "3D000"),
    (r"permission denied for database", "42501"),
    # What libpq says because of target_session_attrs.
    (r"session is read-only|server is in hot standby mode", "25006"),
    (r"not currently accepting connections", "55000"),
)


def decision(sqlstate: str) -> _Decision:
    """Return the exception for a SQLSTATE and its message."""
    return DECISIONS.get(sqlstate) or DECISIONS.get(sqlstate[:2], _BUG)


def translated(error: psycopg.Error) -> DatabaseError:
    """Return the `DatabaseError` for an error of psycopg."""
    sqlstate = error.sqlstate or _sqlstate_of_refusal(str(error))
    if sqlstate is not None:
        kind, message = decision(sqlstate)
    elif isinstance(error, TooManyRequests):
        kind, message = DatabaseBusy, ""
    else:
        unreachable = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        kind, message = _UNREACHABLE if unreachable else _BUG
    return kind(message or (str(error).partition("\n")[0] if kind is DatabaseError else ""))


def _sqlstate_of_refusal(message: str) -> str | None:
    return next((state for pattern, state in _REFUSED_CONNECTIONS if re.search(pattern, message)), None)


def comes_from_the_server(error: psycopg.Error | None) -> bool:
    """Return whether the server has answered with an error.

    A pooler that has lost the server answers in its place, with an error of class 08.
    """
    return error is not None and error.sqlstate is not None and not error.sqlstate.startswith("08")


# After these errors the next statement would fail, too: the server is read-only since a failover, is stopping or
# starting, or a pooler has no server.
_ENDING = ("25006", "57P01", "57P02", "57P03")


def ends_its_session(error: psycopg.Error) -> bool:
    """Return whether a connection that has met this error must not be used again."""
    state = error.sqlstate or ""
    return state in _ENDING or state.startswith("08") or isinstance(translated(error), StaleSession)


@asynccontextmanager
async def translate() -> AsyncIterator[None]:
    """Raise every psycopg error of the block as a `DatabaseError`, with the original as its cause."""
    try:
        yield
    except psycopg.Error as error:
        raise translated(error) from error


def name_server(error: AnyError, server: str) -> AnyError:
    """Let `explain` name the server that an error concerns, unless the error has a name. Clients never see it."""
    if server and not _named_server(error):
        error.add_note(server)
    return error


def _named_server(error: BaseException | None) -> str:
    while error is not None and not hasattr(error, "__notes__"):
        error = error.__cause__
    return "" if error is None else error.__notes__[0]


def explain(error: BaseException) -> str:
    """Return the message of an error for the log, its server, and what the store itself said. It has no password."""
    cause = error.__cause__
    while cause is not None and str(cause) == str(error):  # the same error, raised again
        cause = cause.__cause__
    details = [_named_server(error), "" if cause is None else store_message(cause)]
    message, said = str(error) or repr(error), ": ".join(filter(None, details))
    return f"{message} ({said})" if said else message


# How psycopg describes one of several hosts.
_FAILURE_OF_HOST = re.compile(r"- host: '?(.*?)'?, port: '?(.*?)'?, hostaddr: .*?: (.*)")


def _failure_of_host(host: str, port: str, failure: str) -> str:
    _, server, rest = failure.partition("connection to server ")
    return server + rest if server else f"{host}{'' if port == 'None' else f' port {port}'}: {failure}"


def store_message(error: BaseException) -> str:
    """Return one line with what a store said, or why it cannot be reached: of several hosts, why each cannot be."""
    # psycopg reports one host per line below the last failure, with hints below each.
    lines = str(error).splitlines()
    hosts = [found for line in lines if (found := _FAILURE_OF_HOST.match(line))]
    if hosts:
        return "; ".join(_failure_of_host(*found.groups()) for found in hosts)
    failures = [line.strip("- \t") for line in lines if "failed: " in line]
    return (failures[-1:] or [line.strip("- \t") for line in lines[:1]] or [type(error).__name__])[0]
