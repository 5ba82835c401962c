"""The gate: whether Redis may be used, which index there is this database's, and the locks of those who rely on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, LiteralString
from uuid import UUID

from psycopg.rows import class_row, scalar_row

from db.pool import Connection

GateState = Literal["on", "closing", "off", "building"]


@dataclass(frozen=True)
class Gate:
    """`on`: readers and writers use the index of `epoch`. `building`: writers do, and readers ask PostgreSQL. `off`:
    nobody does. `closing`: writers wait until no reader trusts it any more. `redis_run_id`: the run that holds it.
    """

    state: GateState
    epoch: int
    redis_run_id: str


# What there is before the first index was built.
NEVER_BUILT = Gate("off", 0, "")

READ_GATE: LiteralString = "SELECT state::text, epoch, redis_run_id FROM gate WHERE workspace_id = %(workspace)s"


async def read_gate(connection: Connection, workspace: str) -> Gate:
    """G1: the gate as it is committed."""
    rows = await connection.query(READ_GATE, {"workspace": workspace}, class_row(Gate))
    return rows[0] if rows else NEVER_BUILT


ENTER_GATE: LiteralString = "SELECT state::text, epoch, redis_run_id FROM enter_gate(%(workspace)s, %(id)s)"


async def enter_gate(connection: Connection, workspace: str, id_: UUID | None) -> Gate:
    """W1: a writer of one task (or, without an id, of many new ones) enters until its transaction ends."""
    rows = await connection.query(ENTER_GATE, {"workspace": workspace, "id": id_}, class_row(Gate))
    return rows[0] if rows else NEVER_BUILT


# One process with a bad network must not keep all others off: after three closings in short succession, an index is
# left in use for 2 s, then 4 s, up to 256 s, before it is closed because *somebody* cannot reach Redis. A minute
# forgives one. An index that was seen to be lost is lost for all, and closed at once. One that could not be built is no
# closing: it never was in use.
CLOSE_GATE: LiteralString = """
    UPDATE gate SET
        state = CASE state WHEN 'on' THEN 'closing' ELSE 'off' END::gate_state,
        closings = greatest(0, closings - floor(extract(epoch FROM clock_timestamp() - since) / 60)::int)
            + CASE WHEN state = 'building' AND %(lost)s THEN 0 ELSE 1 END,
        since = clock_timestamp()
    WHERE workspace_id = %(workspace)s AND epoch = %(epoch)s AND state IN ('on', 'building')
      AND (%(lost)s OR closings < 3
           OR clock_timestamp() - since > make_interval(secs => 2 ^ least(closings - 2, 8)))
    RETURNING true
"""


async def close_gate(connection: Connection, workspace: str, epoch: int, *, lost: bool) -> bool:
    """G2: asks for `closing` (a `building` goes straight to `off`); whether this call did it."""
    params = {"workspace": workspace, "epoch": epoch, "lost": lost}
    return bool(await connection.query(CLOSE_GATE, params, scalar_row))


SWITCH_OFF: LiteralString = """
    UPDATE gate SET state = 'off'
    WHERE workspace_id = %(workspace)s AND epoch = %(epoch)s AND state = 'closing' RETURNING true
"""


async def switch_off(connection: Connection, workspace: str, epoch: int) -> bool:
    """G3: from `closing` to `off`; for one who has seen it closing for longer than any lease lasts."""
    return bool(await connection.query(SWITCH_OFF, {"workspace": workspace, "epoch": epoch}, scalar_row))


TRY_TO_BUILD: LiteralString = """
    SELECT pg_try_advisory_xact_lock(4, hashtext(%(workspace)s)),
           set_config('statement_timeout', '0', true), set_config('transaction_timeout', '0', true),
           set_config('idle_in_transaction_session_timeout', '5s', true)
"""


async def try_to_build(connection: Connection, workspace: str) -> bool:
    """Whether nobody else is building; from here on, and until this transaction ends, this process is.

    Only to save work: two builders do no harm. One that hangs loses the connection after 5 s, and with it the turn.
    """
    return bool((await connection.query(TRY_TO_BUILD, {"workspace": workspace}, scalar_row))[0])


# Random in its low bits, so that two databases that share a Redis do not meet there.
BEGIN_BUILDING: LiteralString = """
    SELECT nextval('gate_epoch') << 20 | floor(random() * 1048576)::bigint FROM begin_building(%(workspace)s)
"""


async def begin_building(connection: Connection, workspace: str) -> int | None:
    """B1: keeps all writers out until this transaction ends; returns an epoch that no index had before.

    None if the gate is not `off`, nor `building`.
    """
    epochs = await connection.query(BEGIN_BUILDING, {"workspace": workspace}, scalar_row)
    return int(epochs[0]) if epochs else None


WRITE_BUILDING: LiteralString = """
    UPDATE gate SET state = 'building', epoch = %(epoch)s, redis_run_id = %(redis_run_id)s, since = clock_timestamp()
    WHERE workspace_id = %(workspace)s AND state IN ('off', 'building') RETURNING true
"""


async def write_building(connection: Connection, workspace: str, epoch: int, redis_run_id: str) -> bool:
    """B1: `building`, once the transaction is committed; false if one who had lost the turn was done all the same."""
    params = {"workspace": workspace, "epoch": epoch, "redis_run_id": redis_run_id}
    return bool(await connection.query(WRITE_BUILDING, params, scalar_row))


SWITCH_ON: LiteralString = """
    UPDATE gate SET state = 'on'
    WHERE workspace_id = %(workspace)s AND epoch = %(epoch)s AND state = 'building' RETURNING true
"""


async def switch_on(connection: Connection, workspace: str, epoch: int) -> bool:
    """B4: from `building` to `on`; false if it was closed meanwhile, or somebody else took over."""
    return bool(await connection.query(SWITCH_ON, {"workspace": workspace, "epoch": epoch}, scalar_row))


AWAIT_WRITERS: LiteralString = "SELECT await_writers(%(workspace)s, %(ids)s)"


async def await_writers(connection: Connection, workspace: str, ids: Sequence[UUID]) -> None:
    """S3: waits until all who may have been writing these tasks have ended, and holds nobody up after."""
    await connection.query(AWAIT_WRITERS, {"workspace": workspace, "ids": list(ids)}, scalar_row)


# Nobody who comes meanwhile is held up for longer by one that hangs.
WAIT_BRIEFLY: LiteralString = "SELECT set_config('lock_timeout', '200ms', true)"
AWAIT_BULK: LiteralString = "SELECT pg_advisory_xact_lock(2, hashtext(%(workspace)s))::text"
ENDED: LiteralString = """
    SELECT id FROM unnest(%(ids)s::uuid[]) AS id
    WHERE pg_try_advisory_xact_lock(3, hashtext(%(workspace)s || id::text))
"""


async def without_writers(connection: Connection, workspace: str, ids: Sequence[UUID]) -> list[UUID]:
    """T1: those of the tasks that nobody is writing; a commit that hangs is no end. To be asked in a transaction.

    Raises `DatabaseTimeout` while one who writes many hangs, for it may be any of them.
    """
    params = {"workspace": workspace, "ids": list(ids)}
    await connection.query(WAIT_BRIEFLY, {}, scalar_row)
    await connection.query(AWAIT_BULK, params, scalar_row)
    return await connection.query(ENDED, params, scalar_row)


LAST_TOKEN: LiteralString = "SELECT last_value FROM mark_token"  # noqa: S105


async def last_token(connection: Connection) -> int:
    """The last token that a write has drawn, committed or not: another one means that something may have changed."""
    [token] = await connection.query(LAST_TOKEN, {}, scalar_row)
    return int(token)
