"""Task ids: UUIDv7 values computed from a seed and an index only."""

import struct
from hashlib import blake2b

# 2025-01-01T00:00:00Z. A constant rather than the clock, so that the same command sends the same ids on any day.
BASE_MS = 1_735_689_600_000

_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62
_RAND_B = (1 << 62) - 1

_pack = struct.Struct(">QQ").pack


def random_bytes(seed: int, index: int) -> bytes:
    """Return 32 pseudorandom bytes for a seed and an index.

    seed and index: 0 to 2**64 - 1. Raises struct.error for other values.
    """
    return blake2b(_pack(seed, index), digest_size=32).digest()


def task_id(index: int, random: bytes) -> str:
    """Return the UUIDv7 of the task at an index, as text of 36 characters.

    random: 10 bytes, 74 bits of them are used. The timestamp is BASE_MS plus one millisecond for each index.
    The ids of one seed are therefore unique and increase with the index, which keeps B-tree inserts fast.
    Ids of different seeds differ in the 74 random bits.
    """
    bits = int.from_bytes(random, "big") >> 6
    number = (BASE_MS + index) << 80 | _VERSION | bits >> 62 << 64 | _VARIANT | bits & _RAND_B
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
