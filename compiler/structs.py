"""The structs of responses."""

from functools import lru_cache

import msgspec


@lru_cache(maxsize=512)
def struct_type(keys: tuple[str, ...]) -> type:
    """Return a struct whose members are encoded under the given response keys, in this order."""
    names = [f"f{index}" for index in range(len(keys))]
    # Without garbage collection, because a response has no cycles.
    return msgspec.defstruct("Response", names, rename=dict(zip(names, keys, strict=True)), gc=False)
