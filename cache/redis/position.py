"""Packed positions of tasks: the start of an entry's value, and the content of a cursor."""

import binascii
import hashlib
import struct
from functools import lru_cache
from typing import Literal

from db.caller import DEFAULT_WORKSPACE
from db.task import Order

# A letter for the sort key, the score in the index, and the 16 bytes of the id; followed by a checksum.
_POSITION = struct.Struct(">cq16s")
_CHECKSUM = struct.Struct(">I")
POSITION_BYTES = _POSITION.size + _CHECKSUM.size
BY_CREATION, BY_EXPIRY, BY_DELETION, BY_DUE_DATE, BY_PRIORITY = b"t", b"e", b"d", b"f", b"p"
# DELETED is the order of deleted tasks by deletion, newest first.
PositionOrder = Order | Literal["DELETED"]


def pack_position(sort_key: bytes, score: int, id_bytes: bytes, workspace: str = DEFAULT_WORKSPACE) -> bytes:
    """Return a position in 29 bytes.

    The score is in milliseconds by expiry, that of db/orders.py in a declared order, else in microseconds.
    """
    packed = _POSITION.pack(sort_key, score, id_bytes)
    return packed + _CHECKSUM.pack(binascii.crc32(packed) ^ _number_of(workspace))


def unpack_position(packed: bytes, workspace: str = DEFAULT_WORKSPACE) -> tuple[bytes, int, bytes]:
    """Return sort key, score and id. Raises `ValueError` if the bytes are not a packed position of the workspace."""
    if len(packed) != POSITION_BYTES:
        raise ValueError("A packed position has another length.")
    position, checksum = packed[: _POSITION.size], packed[_POSITION.size :]
    if checksum != _CHECKSUM.pack(binascii.crc32(position) ^ _number_of(workspace)):
        raise ValueError("The checksum of a packed position is wrong.")
    sort_key, score, id_bytes = _POSITION.unpack(position)
    return sort_key, score, id_bytes


@lru_cache(maxsize=1024)
def _number_of(workspace: str) -> int:
    """Return the number that binds positions to a workspace. In the default workspace, the checksum is a plain one."""
    # Not a secret: a forged position only names a place in the order of the own workspace.
    return 0 if workspace == DEFAULT_WORKSPACE else int.from_bytes(hashlib.sha256(workspace.encode()).digest()[:4])
