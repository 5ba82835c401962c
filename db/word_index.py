"""Computes the words of rows that have none of this version: rows of other writers, and of earlier versions."""

from typing import LiteralString

from psycopg.rows import scalar_row, tuple_row

from db import words
from db.arrays import tsvector_array, uuid_array
from db.pool import Database

# Small, because writers of these tasks wait until the words are written.
BATCH_ROWS = 200

# The newest first, because searches begin with the newest tasks. SKIP LOCKED leaves a row that a writer has locked for
# the next batch.
DUE_TASKS: LiteralString = f"""
    SELECT id, title, description FROM task
    WHERE workspace_id = %(workspace)s AND words_version IS DISTINCT FROM {words.VERSION}
    ORDER BY id DESC LIMIT %(batch)s FOR NO KEY UPDATE SKIP LOCKED
"""
WRITE_WORDS: LiteralString = f"""
    WITH written AS (
        UPDATE task SET words = incoming.words, words_version = {words.VERSION}
        FROM unnest(%(ids)s::uuid[], %(new_words)s::tsvector[]) AS incoming (id, words)
        WHERE task.workspace_id = %(workspace)s AND task.id = incoming.id
        RETURNING task.id
    )
    SELECT count(*) FROM written
"""


async def write_due_words(database: Database, workspace: str) -> int:
    """Compute the words of up to `BATCH_ROWS` rows. Return their number.

    Version and time of a task stay the same, because no reader of the task sees its words.
    """
    async with database.transaction() as connection:
        rows = await connection.query(DUE_TASKS, {"workspace": workspace, "batch": BATCH_ROWS}, tuple_row)
        if not rows:
            return 0
        vectors = await words.tsvectors((title, description) for _, title, description in rows)
        ids, new_words = uuid_array([row[0] for row in rows]), tsvector_array(vectors)
        params = {"workspace": workspace, "ids": ids, "new_words": new_words}
        return int((await connection.query(WRITE_WORDS, params, scalar_row))[0])
