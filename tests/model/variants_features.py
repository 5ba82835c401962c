"""Broken variants of cached pages, bulk creates, writes of two tasks, and expiry."""

from dataclasses import replace

from tests.model.scope import Scope, Variant, Write
from tests.model.scopes import BULK, CREATE, DELETED_TASK, MOVE, NO_TASK, RESTORE, TWO_TASKS, UPDATE
from tests.model.state import DONE, EXPIRING_SOON, OFF, TODO, RowVersion
from tests.model.variants_protocol import BY_ID, PAGE, TWO_READERS

OTHER_PAGE = DONE

PAGE_CACHE = (
    Variant(
        "F11",
        ("no caching under live marks",),
        Scope(rows=DELETED_TASK, writers=(RESTORE,), readers=((PAGE,),), page_cache=True, faults={"publish fails": 1}),
        "cached page",
    ),
    Variant(
        "F11, only tasks in the answer count",
        ("dropped tasks count for caching",),
        Scope(rows=DELETED_TASK, writers=(RESTORE,), readers=((PAGE,),), page_cache=True, faults={"publish fails": 1}),
        "cached page",
    ),
    Variant(
        "F12, rev is created again",
        ("rev is never created",),
        Scope(writers=(UPDATE, UPDATE), readers=((PAGE,),), reads=(2,), page_cache=True, faults={"flush": 1}),
        "I1",
    ),
    Variant(
        "F12, pages cached without their epoch",
        ("pages cached by epoch",),
        Scope(
            writers=(UPDATE,),
            readers=((PAGE,),),
            reads=(2,),
            builders=1,
            page_cache=True,
            faults={"close": 1},
        ),
        "I1",
    ),
    Variant(
        "no new rev at mark",
        ("rev at mark",),
        Scope(writers=(UPDATE,), readers=((PAGE,), (BY_ID,)), reads=(2, 1), page_cache=True),
        "I1",
    ),
    Variant(
        "no new rev at publish",
        ("rev at publish",),
        Scope(writers=(MOVE,), readers=((PAGE,),), page_cache=True, faults={"crash": 1}),
        "cached page",
    ),
    Variant(
        "no new rev at abort",
        ("rev at abort",),
        Scope(writers=(MOVE,), readers=((OTHER_PAGE,),), page_cache=True, faults={"rollback": 1}),
        "cached page",
    ),
    Variant(
        "no new rev at scrub",
        ("rev at scrub",),
        Scope(writers=(MOVE,), readers=((PAGE,),), page_cache=True, scrubs=1, faults={"publish fails": 1}),
        "cached page",
    ),
    Variant(
        "pages cached beyond the next expiry",
        ("pages cached until the next expiry",),
        Scope(rows=(RowVersion(TODO, 1),), readers=((PAGE,),), reads=(2,), end_time=1, page_cache=True),
        "cached page",
    ),
    Variant(
        "pages cached under the rev of their last script call",
        ("rev of the first call",),
        Scope(rows=TWO_TASKS, writers=(MOVE,), readers=((PAGE,),), page_size=1, page_cache=True),
        "cached page",
    ),
)

BULK_CREATES = (
    Variant(
        "bulk: the scrub does not wait for the bulk lock",
        ("bulk lock",),
        Scope(rows=NO_TASK, writers=(BULK,), scrubs=1),
        "I2",
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
        "bulk: a late add deletes newer marks",
        ("bulk seq",),
        Scope(rows=NO_TASK, writers=(BULK, BULK, UPDATE), readers=TWO_READERS, reads=(1, 2), faults={"mark fails": 1}),
        "I1",
    ),
    Variant(
        "bulk: pages that dropped a missing row are cached",
        ("no caching with missing rows",),
        Scope(rows=NO_TASK, writers=(BULK,), readers=((PAGE,),), page_cache=True),
        "cached page",
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
        Scope(rows=NO_TASK, writers=(BULK,), readers=((PAGE,),), page_cache=True),
        "cached page",
    ),
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
