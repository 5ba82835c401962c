"""Broken variants of bulk creates, writes of two tasks, and expiry."""

from dataclasses import replace

from tests.model.scope import Scope, Variant, Write
from tests.model.scopes import BULK, CREATE, MOVE, NO_TASK, TWO_TASKS, UPDATE
from tests.model.state import COUNTS, EXPIRING_SOON, OFF, TODO, RowVersion
from tests.model.variants_protocol import PAGE, TWO_READERS

_CACHED_PAGES = Scope(
    rows=NO_TASK, writers=(BULK,), readers=((PAGE,),), reads=(2,), page_cache=True, faults={"publish fails": 1}
)
BULK_CREATES = (
    Variant(
        "bulk: the ids enter the index before the commit, without a record",
        ("record",),
        Scope(rows=NO_TASK, writers=(BULK,), faults={"crash": 1}),
        "I3",
    ),
    Variant(
        "bulk: the total counts ids that are in the index before the commit",
        ("record",),
        Scope(rows=NO_TASK, writers=(BULK,), readers=((COUNTS,),)),
        "I6",
    ),
    Variant(
        "bulk: pages leave out what is recorded, without a look at the outcome",
        ("outcomes",),
        Scope(rows=NO_TASK, writers=(BULK,), readers=((PAGE,),), faults={"publish fails": 1}),
        "I1",
    ),
    Variant(
        "bulk: a reader leaves out what was committed and is not settled",
        ("settling by readers",),
        Scope(rows=NO_TASK, writers=(BULK,), readers=((PAGE,),), faults={"publish fails": 1}),
        "I1",
    ),
    Variant(
        "bulk: a later mark leaves the id in the record",
        ("taking from a record",),
        Scope(rows=NO_TASK, writers=(BULK, MOVE), faults={"publish fails": 1}),
        "I3",
    ),
    Variant(
        "bulk: a late settle adds the ids again",
        ("record at settle",),
        Scope(rows=NO_TASK, writers=(BULK, MOVE), scrubs=1, faults={"publish fails": 1}),
        "I3",
    ),
    Variant(
        "bulk: leases are not deleted",
        ("bulk lease",),
        Scope(rows=NO_TASK, writers=(BULK,), scrubs=1),
        "I2",
    ),
    Variant(
        "bulk: older marks are not deleted",
        ("bulk mark",),
        Scope(rows=NO_TASK, writers=(CREATE, BULK), faults={"rollback": 1}),
        "I2",
    ),
    Variant(
        "bulk: pages that leave out what is recorded are cached",
        ("no caching of unsettled pages",),
        _CACHED_PAGES,
        "I1",
    ),
    Variant(
        "bulk: an abort after a mark with an unknown outcome",
        ("no abort without a mark",),
        Scope(rows=NO_TASK, writers=(CREATE, BULK), faults={"mark fails": 1, "abort fails": 1}),
        "I2",
    ),
    Variant(
        "bulk: no new rev at add",
        ("rev at add",),
        _CACHED_PAGES,
        "I1",
    ),
)

# The scrub and the bulk creates of an earlier release need these rules. Without that release they are redundant.
REDUNDANT_FOR_BULK_CREATES = (
    Variant(
        "bulk: the scrub does not wait for the bulk lock",
        ("bulk lock",),
        Scope(
            rows=NO_TASK,
            writers=(BULK, BULK),
            readers=((PAGE,),),
            scrubs=2,
            faults={"publish fails": 1, "rollback": 1},
        ),
        "",
    ),
    Variant(
        "bulk: pages that dropped a missing row are cached",
        ("no caching with missing rows",),
        Scope(
            rows=NO_TASK,
            writers=(BULK, CREATE),
            readers=((PAGE,),),
            reads=(2,),
            scrubs=1,
            page_cache=True,
            faults={"mark fails": 1, "rollback": 1},
        ),
        "",
    ),
    Variant("bulk: no new rev at settle", ("rev at settle",), _CACHED_PAGES, ""),
)

TWO_TASK_WRITES = (
    Variant(
        "a write of two tasks marks only one",
        ("a mark for each task",),
        Scope(
            rows=TWO_TASKS,
            writers=(Write("update", task=1), Write("update", leader=0)),
            readers=TWO_READERS,
            reads=(1, 2),
        ),
        "I1",
    ),
)

_EXPIRY_PAGES = Scope(
    rows=(RowVersion(TODO, 1),),
    writers=(Write("update", expires_at=2), Write("update", expires_at=1)),
    readers=((EXPIRING_SOON,),),
)
EXPIRY = (
    Variant(
        "the mark sets an earlier expiry",
        ("later expiry",),
        Scope(writers=(Write("update", expires_at=1),), end_time=1, faults={"rollback": 1}),
        "I2",
    ),
    Variant(
        "the earlier of two expiries stays until publish",
        ("expiry at mark",),
        Scope(rows=(RowVersion(TODO, 1),), writers=(UPDATE,), end_time=1),
        "I2",
    ),
    Variant(
        "a rebuild overwrites a writer's expiry",
        ("later expiry in a rebuild",),
        Scope(rows=(RowVersion(TODO, 1),), start=OFF, writers=(Write("update"),), builders=1, end_time=1),
        "I2",
    ),
    Variant("pages by expiry without moving", ("moving",), _EXPIRY_PAGES, "I1"),
    Variant("moving is settled under another writer's mark", ("moving under its own mark",), _EXPIRY_PAGES, "I1"),
    Variant(
        "the scrub does not settle moving",
        ("moving at scrub",),
        replace(_EXPIRY_PAGES, writers=_EXPIRY_PAGES.writers[:1], scrubs=1, faults={"publish fails": 1}),
        "no mark is left to settle it",
    ),
)
