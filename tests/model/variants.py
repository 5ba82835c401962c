"""The broken variants: the protocol without one of its rules, each with a small scope that has a counterexample.

F1 to F12 are described in the documentation of the model.
"""

from tests.model.scope import Scope, Variant
from tests.model.scopes import MOVE, UPDATE
from tests.model.variants_cached_pages import CHECKS, PAGE_CACHE, TIME_AFTER_REV
from tests.model.variants_features import BULK_CREATES, EXPIRY, REDUNDANT_FOR_BULK_CREATES, TWO_TASK_WRITES
from tests.model.variants_protocol import GATE_AND_REBUILD, MARKS_AND_LEASES, TWO_READERS
from tests.model.variants_server import MISSED_LOSSES, SERVER_RUNS

REFUTED = (
    *GATE_AND_REBUILD,
    *MARKS_AND_LEASES,
    *PAGE_CACHE,
    *CHECKS,
    *BULK_CREATES,
    *TWO_TASK_WRITES,
    *EXPIRY,
    *SERVER_RUNS,
    *MISSED_LOSSES,
)

# With the id lock `seq` is redundant: a takeover waits for every writer of the id, including one whose mark
# was replaced. The protocol keeps `seq` as a second line of defence.
# The order of the two commands of a check does not matter.
NOT_REFUTED = (
    Variant(
        "F8, with the id lock",
        ("seq",),
        Scope(writers=(MOVE, UPDATE), readers=TWO_READERS, reads=(1, 2), faults={"mark fails": 1}),
        "",
    ),
    TIME_AFTER_REV,
    *REDUNDANT_FOR_BULK_CREATES,
)
