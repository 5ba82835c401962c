"""The gate: whether the Redis index may be used, which epoch it has, and the locks of its readers and writers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, LiteralString
from uuid import UUID

from psycopg.rows import scalar_row, tuple_row

from db.arrays import text_array
from db.connection import Connection
from db.history import CURRENT_HISTORY, GATE_COLUMNS, SAME_HISTORY
from db.row_factories import record_row
from db.statements import Statement

GateState = Literal["on", "closing", "off", "building"]


@dataclass(frozen=True)
class Gate:
    """The state of the gate, the epoch of its index, and the run id of the Redis that holds the index.

    - `on`: readers and writers use the index.
    - `building`: writers use the index, and readers use PostgreSQL.
    - `closing`: writers wait until the lease of every reader has ended.
    - `off`: the index is not used.

    `other_history`: the history of the index, if PostgreSQL was restarted, restored or replaced since it was built.
    """

    state: GateState
    epoch: int
    redis_run_id: str
    other_history: str = ""


# The gate before the first index is built.
NEVER_BUILT = Gate("off", 0, "")


# The watcher reads the same gates again and again.
@lru_cache(maxsize=20_000)
def _gate(state: GateState, epoch: int, redis_run_id: str, other_history: str) -> Gate:
    """Return a gate as every reader and writer must see it: an index of another history is closing."""
    return Gate("closing" if state == "on" and other_history else state, epoch, redis_run_id, other_history)


_gate_row = record_row(_gate)

READ_GATE: LiteralString = f"SELECT {GATE_COLUMNS} FROM gate WHERE workspace_id = %(workspace)s"


async def read_gate(connection: Connection, workspace: str) -> Gate:
    """G1: return the committed gate."""
    rows = await connection.query(READ_GATE, {"workspace": workspace}, _gate_row)
    return rows[0] if rows else NEVER_BUILT


READ_GATES: LiteralString = f"""
    -- every workspace: the watcher reads all open gates in one query
    SELECT workspace_id, {GATE_COLUMNS} FROM gate WHERE workspace_id = ANY(%(workspaces)s::text[])
"""


async def read_gates(connection: Connection, workspaces: Sequence[str]) -> dict[str, Gate]:
    """G1: return the committed gates of these workspaces. A gate that was never built is missing."""
    rows = await connection.query(READ_GATES, {"workspaces": text_array(workspaces)}, tuple_row)
    return {workspace: _gate(*found) for workspace, *found in rows}


ENTER_GATE: LiteralString = f"SELECT {GATE_COLUMNS} FROM enter_gate(%(workspace)s, %(id)s) AS gate"


async def enter_gate(connection: Connection, workspace: str, id_: UUID | None) -> Gate:
    """W1: take a writer's locks until its transaction ends, and return the gate. No id means a bulk create."""
    entered = queue_enter_gate(connection, workspace, id_)
    await connection.flush()
    return entered_gate(entered)


def queue_enter_gate(connection: Connection, workspace: str, id_: UUID | None) -> Statement[Gate]:
    """W1: do what `enter_gate` does in one round trip with the next statement. See `entered_gate`."""
    return connection.queue(ENTER_GATE, {"workspace": workspace, "id": id_}, _gate_row)


def entered_gate(entered: Statement[Gate]) -> Gate:
    """Return the gate that a queued `enter_gate` has read."""
    return next(iter(entered.rows), NEVER_BUILT)


# One process with a bad network must not close the gate for all others again and again. After three closings, a
# process that cannot reach Redis can close the gate only after it has been on for 2 s, then 4 s, up to 256 s. Each
# minute reduces the count of closings by one. An index that is known to be lost is closed immediately, and its closing
# does not count: every process has lost the index, and a rebuild on request is no failure.
CLOSE_GATE: LiteralString = """
    UPDATE gate SET
        state = CASE state WHEN 'on' THEN 'closing' ELSE 'off' END::gate_state,
        closings = greatest(0, closings - floor(extract(epoch FROM clock_timestamp() - since) / 60)::int)
            + CASE WHEN %(lost)s THEN 0 ELSE 1 END,
        since = clock_timestamp()
    WHERE workspace_id = %(workspace)s AND epoch = %(epoch)s AND state IN ('on', 'building')
      AND (%(lost)s OR closings < 3
           OR clock_timestamp() - since > make_interval(secs => 2 ^ least(closings - 2, 8)))
    RETURNING true
"""


async def close_gate(connection: Connection, workspace: str, epoch: int, *, lost: bool) -> bool:
    """G2: change `on` to `closing`, or `building` to `off`. Return whether this call changed the gate."""
    params = {"workspace": workspace, "epoch": epoch, "lost": lost}
    return bool(await connection.query(CLOSE_GATE, params, scalar_row))


_IS_CLOSING: LiteralString = f"(state = 'closing' OR state = 'on' AND NOT {SAME_HISTORY})"
SWITCH_OFF: LiteralString = f"""
    UPDATE gate SET state = 'off'
    WHERE workspace_id = %(workspace)s AND epoch = %(epoch)s AND {_IS_CLOSING} RETURNING true
"""


async def switch_off(connection: Connection, workspace: str, epoch: int) -> bool:
    """G3: change `closing` to `off`. Call this once the gate has been closing for longer than any lease."""
    return bool(await connection.query(SWITCH_OFF, {"workspace": workspace, "epoch": epoch}, scalar_row))


# In the order of the workspaces, so that two processes cannot deadlock.
SWITCH_GATES_OFF: LiteralString = f"""
    -- every workspace: the watcher switches closed gates off together
    UPDATE gate SET state = 'off' WHERE workspace_id IN (
        SELECT workspace_id FROM gate
        JOIN unnest(%(workspaces)s::text[], %(epochs)s::bigint[]) AS closed (workspace_id, epoch)
            USING (workspace_id, epoch)
        WHERE {_IS_CLOSING} ORDER BY workspace_id FOR NO KEY UPDATE OF gate SKIP LOCKED
    )
    RETURNING workspace_id
"""


async def switch_gates_off(connection: Connection, epochs: Mapping[str, int]) -> set[str]:
    """G3: do what `switch_off` does for several workspaces, given their epochs. Return the changed ones."""
    params = {"workspaces": list(epochs), "epochs": list(epochs.values())}
    return set(await connection.query(SWITCH_GATES_OFF, params, scalar_row))


TRY_TO_BUILD: LiteralString = """
    SELECT pg_try_advisory_xact_lock(4, hashtext(%(workspace)s)),
           set_config('statement_timeout', '0', true), set_config('transaction_timeout', '0', true),
           set_config('idle_in_transaction_session_timeout', '5s', true)
"""


async def try_to_build(connection: Connection, workspace: str) -> bool:
    """Take the builder's lock until the transaction ends. Return whether the lock was free.

    The lock only saves work: two concurrent builders are safe. PostgreSQL ends the session of a builder that stalls for
    5 s, which frees the lock. The transaction has no other time limit.
    """
    return bool((await connection.query(TRY_TO_BUILD, {"workspace": workspace}, scalar_row))[0])


# The low bits are random, so that two databases that share a Redis do not use the same epoch.
BEGIN_BUILDING: LiteralString = """
    SELECT nextval('gate_epoch') << 20 | floor(random() * 1048576)::bigint FROM begin_building(%(workspace)s)
"""


async def begin_building(connection: Connection, workspace: str) -> int | None:
    """B1: block all writers until the transaction ends, and return a new epoch.

    Return None if the gate is `on` or `closing`.
    """
    epochs = await connection.query(BEGIN_BUILDING, {"workspace": workspace}, scalar_row)
    return int(epochs[0]) if epochs else None


WRITE_BUILDING: LiteralString = f"""
    UPDATE gate SET state = 'building', epoch = %(epoch)s, redis_run_id = %(redis_run_id)s, since = clock_timestamp(),
        used_at = clock_timestamp(), history = {CURRENT_HISTORY}
    WHERE workspace_id = %(workspace)s AND state IN ('off', 'building') RETURNING true
"""


async def write_building(connection: Connection, workspace: str, epoch: int, redis_run_id: str) -> bool:
    """B1: set the gate to `building`. Return False if another builder has switched it on."""
    params = {"workspace": workspace, "epoch": epoch, "redis_run_id": redis_run_id}
    return bool(await connection.query(WRITE_BUILDING, params, scalar_row))


SWITCH_ON: LiteralString = """
    UPDATE gate SET state = 'on'
    WHERE workspace_id = %(workspace)s AND epoch = %(epoch)s AND state = 'building' RETURNING true
"""


async def switch_on(connection: Connection, workspace: str, epoch: int) -> bool:
    """B4: change `building` to `on`. Return False if the gate was closed or another builder has taken over."""
    return bool(await connection.query(SWITCH_ON, {"workspace": workspace, "epoch": epoch}, scalar_row))


AWAIT_WRITERS: LiteralString = "SELECT await_writers(%(workspace)s, %(ids)s)"


async def await_writers(connection: Connection, workspace: str, ids: Sequence[UUID]) -> None:
    """S3: wait for the transactions of all current writers of these tasks. Outside a transaction, keeps no lock."""
    await connection.query(AWAIT_WRITERS, {"workspace": workspace, "ids": list(ids)}, scalar_row)


# Writers that queue behind this lock wait at most this long for a stalled one.
WAIT_BRIEFLY: LiteralString = "SELECT set_config('lock_timeout', '200ms', true)"
AWAIT_BULK: LiteralString = "SELECT pg_advisory_xact_lock(2, hashtext(%(workspace)s))::text"
UNWRITTEN_IDS: LiteralString = """
    SELECT id FROM unnest(%(ids)s::uuid[]) AS id
    WHERE pg_try_advisory_xact_lock(3, hashtext(%(workspace)s || id::text))
"""


async def without_writers(connection: Connection, workspace: str, ids: Sequence[UUID]) -> list[UUID]:
    """T1: return the tasks that have no current writer. A stalled commit still counts as one.

    Must run in a transaction. Raises `DatabaseTimeout` while a bulk create is stalled, because it may be writing any of
    the tasks.
    """
    params = {"workspace": workspace, "ids": list(ids)}
    await connection.query(WAIT_BRIEFLY, {}, scalar_row)
    await connection.query(AWAIT_BULK, params, scalar_row)
    return await connection.query(UNWRITTEN_IDS, params, scalar_row)


LAST_TOKEN: LiteralString = "SELECT last_value FROM mark_token"  # noqa: S105


async def last_token(connection: Connection) -> int:
    """Return the last token that a write has drawn, committed or not. If it has changed, tasks may have changed."""
    [token] = await connection.query(LAST_TOKEN, {}, scalar_row)
    return int(token)
