"""The ids of the tasks to load: UUIDv7, made from (seed, index) alone."""

import struct
from hashlib import blake2b

# 2025-01-01T00:00:00Z. Not the clock: the same command has to send the same ids on another day.
BASE_MS = 1_735_689_600_000

_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62
_RAND_B = (1 << 62) - 1

_pack = struct.Struct(">QQ").pack


def draws(seed: int, index: int) -> bytes:
    """32 bytes that look random and depend on nothing but the two numbers.

    seed and index: 0 to 2**64 - 1; struct.error outside of it.
    """
    return blake2b(_pack(seed, index), digest_size=32).digest()


def task_id(index: int, random: bytes) -> str:
    """The UUIDv7 of the index-th task, as the 36 characters of its text form.

    random: 10 bytes, of which 74 bits are used. The time in the id is BASE_MS plus one millisecond
    an index, so within a seed the ids are unique by construction (not merely likely to be) and
    grow with the index, which is what a B-tree likes. Two seeds differ in the 74 bits.
    """
    bits = int.from_bytes(random, "big") >> 6
    number = (BASE_MS + index) << 80 | _VERSION | bits >> 62 << 64 | _VARIANT | bits & _RAND_B
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
