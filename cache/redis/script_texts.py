"""The texts of the Lua scripts, and their SHA-1, by which Redis names them."""

from functools import cache
from hashlib import sha1
from pathlib import Path
from typing import Literal

SCRIPTS = Path(__file__).parent / "scripts"
ScriptName = Literal[
    "mark", "publish", "abort", "record", "settle", "lease", "fill", "scrub", "sweep", "due", "page", "counts", "probe",
    "draw",
]  # fmt: skip


@cache
def script_source(name: ScriptName, *, sharded: bool = False) -> str:
    """Return the text of a script. All start with the prelude but those that use no index or only one.

    sharded: for a node of a cluster, which publishes to its own shard.
    """
    text = (SCRIPTS / f"{name}.lua").read_text()
    if name not in ("page", "probe", "draw"):
        text = (SCRIPTS / "prelude.lua").read_text() + text
    return text.replace("'PUBLISH'", "'SPUBLISH'") if sharded else text


@cache
def script_sha(name: ScriptName, *, sharded: bool = False) -> str:
    """Return the SHA-1 by which Redis names a script."""
    return sha1(script_source(name, sharded=sharded).encode()).hexdigest()  # noqa: S324
