"""Cursors: where a task stands in an order of its view, opaque to clients, and good after it is gone."""

import binascii
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from cache.redis.entry import created_at_us, expires_at_ms
from db.index_source import IndexPosition
from db.task import Order, Task
from schema.errors import BadInput

# A letter for what it goes by, the score, the id's 16 bytes, and a check sum of these.
_FORM = struct.Struct(">cq16s")
_SUM = struct.Struct(">I")
_LETTERS: dict[Order, bytes] = {"NEWEST": b"t", "OLDEST": b"t", "EXPIRING_SOON": b"e"}
# The year 2200 in microseconds, beyond every score.
_END = 7_258_118_400_000_000


def encode(task: Task, order: Order) -> str:
    """The cursor of a task: 40 characters or fewer of the URL-safe alphabet."""
    score = expires_at_ms(task) if order == "EXPIRING_SOON" else created_at_us(task)
    place = _FORM.pack(_LETTERS[order], score, task.id.bytes)
    return urlsafe_b64encode(place + _SUM.pack(binascii.crc32(place))).rstrip(b"=").decode()


def decode(argument: str, cursor: str, order: Order) -> IndexPosition:
    """The place that a cursor stands for. Raises `BadInput`, naming the argument."""
    try:
        raw = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        place, check = raw[: _FORM.size], raw[_FORM.size :]
        letter, score, id_ = _FORM.unpack(place)
        genuine = letter in _LETTERS.values() and check == _SUM.pack(binascii.crc32(place))
    except (ValueError, struct.error):
        genuine = False
    if not genuine or not 0 <= score < _END:
        raise BadInput(
            argument,
            "is not a cursor of this service. Pass an endCursor, a startCursor or an edge's cursor "
            "exactly as it was given to you.",
        )
    if letter != _LETTERS[order]:
        orders = " or ".join(name for name, of in _LETTERS.items() if of == letter)
        raise BadInput(argument, f"is a cursor of orderBy: {orders}, and orderBy: {order} was asked for.")
    return score, UUID(bytes=id_)
