"""Cursors: opaque strings that name a position in an order of tasks and stay valid after the task is gone."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from uuid import UUID

from cache.reads.deleted import DeletedTask
from cache.redis.encoded_task import EncodedTask, positions, scores_of
from cache.redis.position import (
    BY_CREATION,
    BY_DELETION,
    BY_DUE_DATE,
    BY_EXPIRY,
    BY_PRIORITY,
    POSITION_BYTES,
    PositionOrder,
    pack_position,
    unpack_position,
)
from cache.redis.times import microseconds
from db.index_source import IndexPosition
from db.orders import SCORE_ENDS
from db.task import Order
from schema.errors import BadInput

_SORT_KEYS: dict[PositionOrder, bytes] = {
    "NEWEST": BY_CREATION,
    "OLDEST": BY_CREATION,
    "EXPIRING_SOON": BY_EXPIRY,
    "DUE_FIRST": BY_DUE_DATE,
    "PRIORITY_FIRST": BY_PRIORITY,
    "DELETED": BY_DELETION,
}
# The year 2200 in the unit of each score, or the end of the scores of a declared order. No score reaches it.
_SCORE_ENDS = {
    BY_CREATION: 7_258_118_400_000_000,
    BY_EXPIRY: 7_258_118_400_000,
    BY_DELETION: 7_258_118_400_000_000,
    BY_DUE_DATE: SCORE_ENDS["DUE_FIRST"],
    BY_PRIORITY: SCORE_ENDS["PRIORITY_FIRST"],
}
# Base64 turns 3 bytes into 4 characters. A padded position fills whole groups, and its cursor lacks the last character.
_PADDING = b"\0"
_PADDED_CHARACTERS = (POSITION_BYTES + 1) // 3 * 4


def encode_cursor(task: EncodedTask | DeletedTask, order: PositionOrder) -> str:
    """Return the cursor of a task: 39 characters of the URL-safe base64 alphabet."""
    return urlsafe_b64encode(_position(task, order)).rstrip(b"=").decode()


def encode_cursors(tasks: Sequence[EncodedTask], order: Order) -> list[str]:
    """Return the cursors of many tasks, with one call of the base64 encoder."""
    packed_positions = (
        positions(tasks) if _SORT_KEYS[order] == BY_CREATION else [_position(task, order) for task in tasks]
    )
    packed = _PADDING.join([*packed_positions, b""])
    text = urlsafe_b64encode(packed).decode()
    return [text[start : start + _PADDED_CHARACTERS - 1] for start in range(0, len(text), _PADDED_CHARACTERS)]


def _position(task: EncodedTask | DeletedTask, order: PositionOrder) -> bytes:
    if isinstance(task, DeletedTask):
        deleted_at = microseconds(task.deleted_at)
        return pack_position(BY_DELETION, deleted_at, task.task.id_bytes, task.task.workspace)
    if order == "DELETED" or _SORT_KEYS[order] == BY_CREATION:
        return task.position
    return pack_position(_SORT_KEYS[order], scores_of([task], order)[0], task.id_bytes, task.workspace)


def decode_cursor(argument: str, cursor: str, order: PositionOrder, workspace: str) -> IndexPosition:
    """Return the position that a cursor of a workspace names. Raises `BadInput`, which names the argument.

    A cursor of another workspace is refused like any other text.
    """
    try:
        raw = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        sort_key, score, id_bytes = unpack_position(raw, workspace)
        valid = 0 <= score < _SCORE_ENDS.get(sort_key, 0)
    except ValueError:
        valid = False
    if not cursor:
        page = "last" if argument == "before" else "first"
        raise BadInput(argument, f"is an empty string. For the {page} page, pass null or leave it out.")
    if not valid:
        raise BadInput(
            argument,
            "is not a cursor of this service. Pass a startCursor, an endCursor or the cursor of an edge, unchanged.",
        )
    if sort_key != _SORT_KEYS[order]:
        made_for = _source(*(name for name, key in _SORT_KEYS.items() if key == sort_key))
        raise BadInput(
            argument,
            f"is a cursor of {made_for}. Pass a cursor of {_source(order)}.",
        )
    return score, UUID(bytes=id_bytes)


def _source(*orders: PositionOrder) -> str:
    """Return where a client gets cursors of these orders."""
    return "deletedTasks" if "DELETED" in orders else f"the order {' or '.join(orders)}"
