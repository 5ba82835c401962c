"""The texts of the Lua scripts, and their SHA-1, by which Redis names them."""

from functools import cache
from hashlib import sha1
from pathlib import Path
from typing import Literal

SCRIPTS = Path(__file__).parent / "scripts"
ScriptName = Literal[
    "mark", "publish", "abort", "record", "settle", "lease", "fill", "scrub", "sweep", "due", "page", "counts", "probe",
    "draw", "unlist", "begin_shapes", "enlist", "finish_shapes", "facets", "view_counts",
]  # fmt: skip
# These use no index, or only one view.
WITHOUT_PRELUDE = frozenset(("page", "facets", "view_counts", "probe", "draw"))
# These do not use the declared views.
WITHOUT_VIEWS = WITHOUT_PRELUDE | {"lease", "fill", "due", "counts"}
# These read the records of bulk creates.
WITH_RECORDS = frozenset(("mark", "settle"))


@cache
def script_source(name: ScriptName, *, sharded: bool = False) -> str:
    """Return the text of a script, after the texts that it shares with others: prelude, views, recorded views.

    sharded: for a node of a cluster, which publishes to its own shard.
    """
    text = (SCRIPTS / f"{name}.lua").read_text()
    if name in WITH_RECORDS:
        text = (SCRIPTS / "recorded_views.lua").read_text() + text
    if name not in WITHOUT_VIEWS:
        text = (SCRIPTS / "views.lua").read_text() + text
    if name not in WITHOUT_PRELUDE:
        text = (SCRIPTS / "prelude.lua").read_text() + text
    return text.replace("'PUBLISH'", "'SPUBLISH'") if sharded else text


@cache
def script_sha(name: ScriptName, *, sharded: bool = False) -> str:
    """Return the SHA-1 by which Redis names a script."""
    return sha1(script_source(name, sharded=sharded).encode()).hexdigest()  # noqa: S324
