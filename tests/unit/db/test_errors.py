"""The translation of psycopg's errors."""

import psycopg
import pytest
from psycopg import errors
from psycopg_pool import PoolClosed

from db.errors import DatabaseBusy, DatabaseError, DatabaseTimeout, DatabaseUnavailable, translated


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
