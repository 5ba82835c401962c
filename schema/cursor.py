"""Cursors: where a task stands in the order of its view, opaque to clients, and good after it is gone."""

import binascii
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cache.index import Cursor
from db.rows import Task
from schema.errors import BadInput

# A letter for the form, microseconds since 1970, the id's 16 bytes, and a check sum of these.
_FORM = struct.Struct(">cq16s")
_SUM = struct.Struct(">I")
_LETTER = b"t"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END = (datetime(2200, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def encode(task: Task) -> str:
    """The cursor of a task: 40 characters or fewer of the URL-safe alphabet."""
    score = (task.created_at - _EPOCH) // timedelta(microseconds=1)
    place = _FORM.pack(_LETTER, score, task.id.bytes)
    return urlsafe_b64encode(place + _SUM.pack(binascii.crc32(place))).rstrip(b"=").decode()


def decode(argument: str, cursor: str) -> Cursor:
    """The place that a cursor stands for. Raises `BadInput`, naming the argument."""
    try:
        raw = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        place, check = raw[: _FORM.size], raw[_FORM.size :]
        letter, score, id_ = _FORM.unpack(place)
        genuine = letter == _LETTER and check == _SUM.pack(binascii.crc32(place))
    except (ValueError, struct.error):
        genuine = False
    if not genuine or not 0 <= score < _END:
        raise BadInput(
            argument,
            "is not a cursor of this service. Pass an endCursor, a startCursor or an edge's cursor "
            "exactly as it was given to you.",
        )
    return score, UUID(bytes=id_)
