"""Errors of `migrate` for a bad URL."""

import pytest

from db.errors import DatabaseError, DatabaseUnavailable
from db.migrations import migrate


def test_unreachable_server_raises_database_unavailable() -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
        migrate("postgresql://nobody@127.0.0.1:1/none")


def test_invalid_url_raises_database_error() -> None:
    with pytest.raises(DatabaseError, match="DATABASE_URL cannot be parsed"):
        migrate("postgresql://127.0.0.1:1/none?no_such_option=1")
