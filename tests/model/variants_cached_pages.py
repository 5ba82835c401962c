"""Broken variants of cached pages: what may be cached, how its validity is checked, and the shared connection."""

from dataclasses import replace

from tests.model.scope import Scope, Variant, Write
from tests.model.scopes import DELETED_TASK, MOVE, RESTORE, TWO_TASKS, UPDATE
from tests.model.state import COUNTS, DONE, OFF, TODO, RowVersion
from tests.model.variants_protocol import BY_ID, PAGE, TWO_READERS

OTHER_PAGE = DONE
_EXPIRING_TASK = Scope(rows=(RowVersion(TODO, 1),), readers=((PAGE,),), reads=(2,), end_time=1, page_cache=True)

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
        _EXPIRING_TASK,
        "cached page",
    ),
    Variant(
        "pages cached under the rev of their last script call",
        ("rev of the first call",),
        Scope(rows=TWO_TASKS, writers=(MOVE,), readers=((PAGE,),), page_size=1, page_cache=True),
        "cached page",
    ),
    Variant(
        "an operation of a page and counts is cached under the rev of its last script",
        ("rev of the first call",),
        Scope(writers=(MOVE,), readers=((PAGE,),), page_cache=True, counts_after_page=True),
        "cached page",
    ),
    Variant(
        "only the expiries in the index count: a rebuild has left a later one there",
        ("expiry of each task",),
        Scope(
            rows=(RowVersion(TODO, 2),),
            start=OFF,
            writers=(Write("update", expires_at=1),),
            builders=1,
            readers=((PAGE,),),
            reads=(2,),
            end_time=1,
            page_cache=True,
        ),
        "I5",
    ),
    Variant(
        "counts: no new rev at mark",
        ("rev at mark",),
        Scope(writers=(MOVE,), readers=((COUNTS,),), reads=(2,), page_cache=True, faults={"publish fails": 1}),
        "count of view",
    ),
    Variant(
        "counts: cached beyond the next expiry",
        ("pages cached until the next expiry",),
        replace(_EXPIRING_TASK, readers=((COUNTS,),)),
        "wrong counts",
    ),
)

CHECKS = (
    Variant(
        "a request joins a check that was sent before the request arrived",
        ("join before sending",),
        Scope(writers=(UPDATE,), readers=((PAGE,), (PAGE,)), reads=(2, 1), page_cache=True),
        "I1",
    ),
    Variant(
        "expiry by the clock of the process",
        ("expiry by the clock of Redis",),
        _EXPIRING_TASK,
        "I5",
    ),
    Variant(
        "no check of the run id before a cached page is served",
        ("run id at P2",),
        Scope(writers=(UPDATE,), readers=((PAGE,),), reads=(2,), page_cache=True, faults={"failover": 1}),
        "I1",
    ),
    Variant(
        "cached pages are served without a lease on the gate",
        ("lease at P2",),
        Scope(writers=(UPDATE,), readers=((PAGE,),), reads=(2,), page_cache=True, faults={"close": 1}),
        "I1",
    ),
    Variant(
        "the reply of a cancelled check goes to the next check",
        ("dropped check replies",),
        Scope(writers=(UPDATE,), readers=((PAGE,),), reads=(3,), page_cache=True, faults={"cancel": 1}),
        "cached page",
    ),
    Variant(
        "the reply of a cancelled MGET goes to the next MGET of the same entry",
        ("dropped mget replies",),
        Scope(writers=(UPDATE,), readers=TWO_READERS, reads=(2, 1), faults={"cancel": 1}),
        "I1",
    ),
)

# A cached page is valid at the moment of the first command, TIME or GET: `rev` never returns to an old value.
TIME_AFTER_REV = Variant(
    "TIME after GET rev",
    ("TIME first",),
    Scope(
        rows=(RowVersion(TODO, 1),),
        writers=(Write("update", expires_at=2),),
        readers=((PAGE,),),
        reads=(2,),
        end_time=2,
        page_cache=True,
    ),
    "",
)
