"""Tests the names of the spans of SQL statements."""

import pytest

from db.statement_spans import summary_of
from tests.support.sql_statements import sent_statements


@pytest.mark.parametrize(
    ("sql", "summary"),
    [
        ("SELECT title FROM task WHERE id = %(id)s", "SELECT task"),
        ("INSERT INTO task (id) SELECT id FROM unnest(%(ids)s)", "INSERT task"),
        ("UPDATE task SET title = %(title)s", "UPDATE task"),
        ("DELETE FROM task WHERE id IN (SELECT id FROM workspace)", "DELETE task SELECT workspace"),
        ("SELECT 1 FROM task FOR NO KEY UPDATE SKIP LOCKED", "SELECT task"),
        (
            "WITH found AS (SELECT id FROM task) SELECT * FROM found JOIN api_token ON true",
            "SELECT task SELECT api_token",
        ),
        ("SELECT EXTRACT(EPOCH FROM created_at) FROM task", "SELECT task"),
        ("-- every workspace: FROM a comment\nSELECT id FROM gate", "SELECT gate"),
        ("INSERT INTO task (id) VALUES (1) ON CONFLICT DO UPDATE SET id = 1", "INSERT task"),
        ("BEGIN ISOLATION LEVEL READ COMMITTED", "BEGIN"),
        ("COMMIT", "COMMIT"),
    ],
)
def test_summary_has_operations_and_tables(sql: str, summary: str) -> None:
    assert summary_of(sql) == summary


def test_summary_of_every_statement_is_short_and_has_no_placeholder() -> None:
    summaries = {summary_of(sql) for sql in sent_statements().values()}
    assert 10 < len(summaries) < 60
    assert all(len(summary) <= 80 and "%" not in summary and "(" not in summary for summary in summaries)
