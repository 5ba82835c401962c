"""The translation of psycopg's errors."""

import re

import psycopg
import pytest
from psycopg import errors
from psycopg_pool import PoolClosed

from db.errors import (
    DECISIONS,
    CommitUnknown,
    DatabaseBusy,
    DatabaseError,
    DatabaseTimeout,
    DatabaseUnavailable,
    StaleSession,
    UnfitDatabase,
    explain,
    store_message,
    translated,
)

# Every SQLSTATE that psycopg knows, with its exception. PostgreSQL's names are in the same dictionary.
SQLSTATES = {error.sqlstate: error for error in errors._sqlcodes.values() if error.sqlstate}
# The classes of errors that a correct statement can meet: the state of the server, its limits or its operator.
NOT_OUR_FAULT = ("08", "28", "3D", "40", "53", "55", "57", "58", "72", "F0", "XX")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.QueryCanceled(), DatabaseTimeout),
        (errors.TransactionTimeout(), DatabaseTimeout),
        (errors.LockNotAvailable(), DatabaseTimeout),
        (errors.TooManyConnections(), DatabaseBusy),
        (errors.DeadlockDetected(), DatabaseBusy),
        (errors.SerializationFailure(), DatabaseBusy),
        (PoolClosed(), DatabaseUnavailable),
        (errors.AdminShutdown(), DatabaseUnavailable),
        (errors.CrashShutdown(), DatabaseUnavailable),
        (errors.IdleSessionTimeout(), DatabaseUnavailable),
        (errors.IdleInTransactionSessionTimeout(), DatabaseTimeout),
        (errors.ReadOnlySqlTransaction(), UnfitDatabase),
        (errors.DatabaseDropped(), UnfitDatabase),
        (errors.DiskFull(), UnfitDatabase),
        (errors.InsufficientPrivilege(), UnfitDatabase),
        (errors.UndefinedTable(), UnfitDatabase),
        (errors.InvalidPassword(), UnfitDatabase),
        (errors.FeatureNotSupported(), StaleSession),
        (errors.InvalidSqlStatementName(), StaleSession),
        (errors.TransactionResolutionUnknown(), CommitUnknown),
        (errors.StatementCompletionUnknown(), CommitUnknown),
        (errors.CannotConnectNow(), DatabaseUnavailable),
        (psycopg.OperationalError(), DatabaseUnavailable),
        (psycopg.InterfaceError(), DatabaseUnavailable),
        (errors.CheckViolation(), DatabaseError),
    ],
)
def test_psycopg_error_is_translated(error: psycopg.Error, expected: type[DatabaseError]) -> None:
    assert type(translated(error)) is expected


def test_error_without_a_message_has_the_docstring_of_its_class() -> None:
    assert str(DatabaseTimeout()) == DatabaseTimeout.__doc__
    assert str(DatabaseError("One thing")) == "One thing"


def test_message_is_the_first_line_of_the_psycopg_error() -> None:
    assert str(translated(errors.CheckViolation("refused\nDETAIL: the row"))) == "refused"


@pytest.mark.parametrize("sqlstate", sorted(SQLSTATES))
def test_every_sqlstate_has_a_decision(sqlstate: str) -> None:
    assert sqlstate in DECISIONS or sqlstate[:2] in DECISIONS
    error = translated(SQLSTATES[sqlstate]("what the server said"))
    if sqlstate.startswith(NOT_OUR_FAULT):
        assert isinstance(error, DatabaseUnavailable)
    if isinstance(error, DatabaseUnavailable) and not isinstance(error, CommitUnknown):
        assert re.search(r"Nothing was changed\. Try again( later)?\.$", str(error))
        assert "what the server said" not in str(error)
        assert "atabase" in str(error) or "concurrent write" in str(error)


def test_no_decision_is_for_an_unknown_sqlstate() -> None:
    known = SQLSTATES.keys() | {sqlstate[:2] for sqlstate in SQLSTATES} | {"00", "01"}
    assert DECISIONS.keys() <= known


def test_sqlstate_that_psycopg_does_not_know_has_the_decision_of_its_class() -> None:
    error = psycopg.OperationalError("new in a later version")
    error.sqlstate = "57P99"
    assert str(translated(error)).startswith("An operator interrupted the database.")


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ('FATAL:  password authentication failed for user "me"', "refuses the user or the password"),
        ('FATAL:  no pg_hba.conf entry for host "::1", user "me"', "refuses the user or the password"),
        ('FATAL:  role "me" is not permitted to log in', "refuses the user or the password"),
        ('FATAL:  role "me" does not exist', "refuses the user or the password"),
        ('FATAL:  Peer authentication failed for user "me"', "refuses the user or the password"),
        ("fe_sendauth: no password supplied", "refuses the user or the password"),
        ("FATAL:  sorry, too many clients already", "accepts no more connections"),
        ('FATAL:  too many connections for role "me"', "accepts no more connections"),
        ("FATAL:  remaining connection slots are reserved for roles with SUPERUSER", "accepts no more connections"),
        ("FATAL:  the database system is starting up", "is starting or stopping"),
        ("FATAL:  the database system is shutting down", "is starting or stopping"),
        ("FATAL:  the database system is not yet accepting connections", "is starting or stopping"),
        ('FATAL:  database "x" does not exist', "does not exist"),
        ('FATAL:  permission denied for database "x"', "lacks a right"),
        ("connection refused", "cannot be reached"),
        ("FATAL:  Rolle »ich« existiert nicht", "cannot be reached"),
    ],
)
def test_refused_connection_names_its_cause(message: str, cause: str) -> None:
    refused = psycopg.OperationalError(f'connection failed: connection to server at "::1", port 5432 failed: {message}')
    error = translated(refused)
    assert cause in str(error)
    error.__cause__ = refused
    assert explain(error).endswith(f"failed: {message})")


def test_each_of_several_hosts_is_named_with_its_cause() -> None:
    with pytest.raises(psycopg.OperationalError) as raised:
        psycopg.connect("postgresql://127.0.0.1:1,127.0.0.1:2/none")
    where = 'connection to server at "127.0.0.1", port {} failed: Connection refused'
    assert store_message(raised.value) == "; ".join(where.format(port) for port in (1, 2))
    timed_out = "connection timeout expired\nMultiple connection attempts failed. All failures were:\n"
    line = "- host: 'db{}', port: None, hostaddr: '10.0.0.1': connection timeout expired\n"
    message = store_message(psycopg.OperationalError(timed_out + line.format(1) + line.format(2)))
    assert message == "; ".join(f"db{number}: connection timeout expired" for number in (1, 2))
