"""Tests query plans for a table that PostgreSQL has not analyzed yet, as after a bulk load or a restored dump."""

import re
from typing import LiteralString

import psycopg
import pytest

from db import deleted, purge, task_table, word_index
from tests.integration.db.test_plans import FILL, explain_generic

ROWS = 20_000
BY_ID: dict[str, LiteralString] = {
    name: text
    for module in (deleted, purge, task_table, word_index)
    for name, text in vars(module).items()
    if name.isupper() and isinstance(text, str) and re.search(r"\bid = (ANY\()?%\(ids?\)s", text)
}


@pytest.mark.parametrize("name", BY_ID)
async def test_statement_by_id_uses_the_primary_key(database_url: str, name: str) -> None:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute("ALTER TABLE task SET (autovacuum_enabled = off)")
        await connection.execute(FILL, (ROWS,))
        plan = await explain_generic(connection, BY_ID[name])
    assert {"TASKS_BY_ID", "DELETED_TASK"} <= set(BY_ID)
    # Every other index that has the workspace would be read from its start to its end.
    assert set(re.findall(r" (?:using|on) (task_\w+)", plan)) == {"task_pkey"}, plan
