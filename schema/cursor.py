"""Cursors: opaque strings that name a position in an order of tasks and stay valid after the task is gone."""

import binascii
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from cache.redis.entry import created_at_us, expires_at_ms
from db.index_source import IndexPosition
from db.task import Order, Task
from schema.errors import BadInput

# A letter for the sort key, the score in the index, and the 16 bytes of the id; followed by a checksum.
_POSITION = struct.Struct(">cq16s")
_CHECKSUM = struct.Struct(">I")
_SORT_KEYS: dict[Order, bytes] = {"NEWEST": b"t", "OLDEST": b"t", "EXPIRING_SOON": b"e"}
# The year 2200 in microseconds. No score reaches it.
_SCORE_END = 7_258_118_400_000_000


def encode_cursor(task: Task, order: Order) -> str:
    """Return the cursor of a task: up to 40 characters of the URL-safe base64 alphabet."""
    score = expires_at_ms(task) if order == "EXPIRING_SOON" else created_at_us(task)
    packed = _POSITION.pack(_SORT_KEYS[order], score, task.id.bytes)
    return urlsafe_b64encode(packed + _CHECKSUM.pack(binascii.crc32(packed))).rstrip(b"=").decode()


def decode_cursor(argument: str, cursor: str, order: Order) -> IndexPosition:
    """Return the position that a cursor names. Raises `BadInput`, which names the argument."""
    try:
        raw = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        packed, checksum = raw[: _POSITION.size], raw[_POSITION.size :]
        sort_key, score, id_bytes = _POSITION.unpack(packed)
        valid = sort_key in _SORT_KEYS.values() and checksum == _CHECKSUM.pack(binascii.crc32(packed))
    except (ValueError, struct.error):
        valid = False
    if not valid or not 0 <= score < _SCORE_END:
        raise BadInput(
            argument,
            "is not a cursor of this service. Pass a startCursor, an endCursor or the cursor of an edge, unchanged.",
        )
    if sort_key != _SORT_KEYS[order]:
        orders = " or ".join(name for name, key in _SORT_KEYS.items() if key == sort_key)
        raise BadInput(
            argument,
            f"is a cursor of the order {orders}, but the request has the order {order}. Pass a cursor of that order.",
        )
    return score, UUID(bytes=id_bytes)
