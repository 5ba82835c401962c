"""The session of a new connection: its settings, and how long the client waits for its answers."""

from collections.abc import Mapping
from typing import LiteralString

import psycopg
from psycopg.rows import tuple_row

from db.session_connection import SessionConnection
from db.statements import Statement, execute

# How much longer than a statement its answer may take.
ANSWER_MARGIN_SECONDS = 2.0
# How long an answer may take on a dedicated connection, such as that of the gate watcher. Its statements are short. A
# process that is not ready for 5 s gets no requests. By that time the watcher has another connection.
DEDICATED_ROUND_TRIP_SECONDS = 3.0
# How long a server that has accepted a connection may take for its settings.
CONFIGURE_SECONDS = 5.0

# With synchronous_commit off, a commit is acknowledged before it is on disk: after a crash, the cache could hold
# changes that the table has lost. Other values, such as remote_apply, are kept. PostgreSQL says by a warning that a
# commit has not waited for its standby.
CONFIGURE: LiteralString = """
    SELECT set_config(name, value, false) FROM unnest(%(names)s::text[], %(values)s::text[]) AS setting (name, value)
    UNION ALL
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
    UNION ALL
    SELECT set_config('client_min_messages', 'warning', false) WHERE current_setting('client_min_messages') = 'error'
"""


FIRST_NAME: LiteralString = "SELECT name FROM pg_prepared_statements WHERE name = 'statement 0'"


async def learn_to_share(connection: SessionConnection, settings: Mapping[str, str]) -> None:
    """Find out whether statements may be prepared behind a pooler that lends a session for each transaction.

    They may if the pooler prepares them in each session under names of its own. If it passes the names of its clients
    on, clients would use the statements of others.
    """
    connection.answer_seconds = _answer_seconds(settings)
    found = Statement(FIRST_NAME, {}, tuple_row, prepared=False)
    try:
        probe = [Statement("SELECT 1", {}, tuple_row), found]
        await connection.wait_for_answers(execute(connection, probe), CONFIGURE_SECONDS)
        connection.prepares = not found.rows
    except psycopg.errors.DuplicatePreparedStatement:
        connection.prepares = False
    connection.prepared.clear()


def _answer_seconds(settings: Mapping[str, str]) -> float:
    return int(settings["statement_timeout"]) / 1000 + ANSWER_MARGIN_SECONDS


async def configure(connection: SessionConnection, settings: Mapping[str, str]) -> None:
    """Set the settings of a session, among them `statement_timeout` in milliseconds."""
    params = {"names": list(settings), "values": list(settings.values())}
    statement = Statement(CONFIGURE, params, tuple_row, prepared=False)
    await connection.wait_for_answers(execute(connection, [statement]), CONFIGURE_SECONDS)
    connection.answer_seconds = _answer_seconds(settings)
