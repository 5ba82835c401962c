"""Broken variants of what happens when PostgreSQL loses its last commits."""

from dataclasses import replace

from tests.model.scope import Scope, Variant
from tests.model.scopes import UPDATE
from tests.model.state import TODO
from tests.model.variants_protocol import BY_ID, TWO_READERS

_RESTORE = Scope(writers=(UPDATE,), readers=((BY_ID,),), reads=(2,), builders=1, faults={"restore": 1})
_TWO_PROCESSES = Scope(writers=(UPDATE,), readers=TWO_READERS, processes=2, faults={"restore": 1})

SERVER_RUNS = (
    Variant("restore: the gate does not know the run of PostgreSQL", ("run in the gate",), _RESTORE, "I4"),
    Variant(
        "restore: cached pages of a lost history",
        ("run in the gate",),
        replace(_RESTORE, readers=((TODO,),), page_cache=True),
        "I",
    ),
    Variant("restore: processes use the new run at once", ("adoption",), _TWO_PROCESSES, "I1"),
    Variant("restore: adopted before all leases have ended", ("lease wait at adoption",), _TWO_PROCESSES, "I1"),
)

# Other signs of a loss than the run of PostgreSQL.
MISSED_LOSSES = (
    Variant("restore: a nonce each second misses a loss that is younger", (), replace(_RESTORE, sign="nonce"), "I4"),
    Variant(
        "restore: the position in the log is overtaken before anyone looks", (), replace(_RESTORE, sign="lsn"), "I4"
    ),
)
