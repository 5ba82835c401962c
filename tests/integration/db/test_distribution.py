"""Tests that the tables could be distributed over several servers: each server checks its constraints alone."""

import psycopg
import pytest

from tests.support.sql_routing import COPIED, DISTRIBUTED

UNIQUE = """
    SELECT index.relname, array_agg(attname::text) FROM pg_index
    JOIN pg_class AS index ON index.oid = indexrelid JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)
    WHERE indrelid = %s::regclass AND (indisunique OR indisexclusion) GROUP BY index.relname
"""
REFERENCES = "SELECT confrelid::regclass::text FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'"


@pytest.mark.parametrize("table", sorted(DISTRIBUTED))
def test_unique_rows_are_unique_in_their_workspace(database_url: str, table: str) -> None:
    with psycopg.connect(database_url) as connection:
        indexes = connection.execute(UNIQUE, [table]).fetchall()
        assert indexes
        assert [name for name, columns in indexes if "workspace_id" not in columns] == []
        assert {name for (name,) in connection.execute(REFERENCES, [table])} <= COPIED
