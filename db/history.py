"""The history of the database: tells whether PostgreSQL can have lost commits, or was replaced by another server.

A server that runs loses no commit. So every loss comes with a new start of a server, or with new storage of the tasks.
A base backup, a recovery, a promoted replica and any other server have another time of start. A restored dump has new
storage.
"""

from typing import LiteralString

# NULL while a restore has not created the primary key yet, which it does after it has loaded the rows.
CURRENT_HISTORY: LiteralString = """(
    SELECT extract(epoch FROM pg_postmaster_start_time()) || '/' || pg_relation_filenode(to_regclass('task_pkey'))
)"""

# Whether the index of a gate was built in this history.
SAME_HISTORY: LiteralString = f"coalesce(gate.history = {CURRENT_HISTORY}, false)"

# The columns of a gate, with the name `gate`. The last one is the history of an index that was built in another one.
GATE_COLUMNS: LiteralString = f"""
    state::text, epoch, redis_run_id,
    CASE WHEN state IN ('on', 'building') AND NOT {SAME_HISTORY} THEN coalesce(history, '?') ELSE '' END
"""


def server_start_of(history: str) -> str:
    """Return the time at which the server of a history started."""
    return history.partition("/")[0]
