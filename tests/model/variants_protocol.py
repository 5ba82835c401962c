"""Broken variants of the gate, the rebuild, the marks and the leases."""

from tests.model.scope import Scope, Variant
from tests.model.scopes import CREATE, MOVE, NO_TASK, TWO_TASKS, UPDATE
from tests.model.state import OFF, TODO

BY_ID, PAGE = 0, TODO
TWO_READERS = ((BY_ID,), (BY_ID,))

GATE_AND_REBUILD = (
    Variant(
        "F1",
        ("closing",),
        Scope(writers=(UPDATE,), readers=TWO_READERS, processes=2, faults={"close": 1, "crash": 1}),
        "I1",
    ),
    Variant(
        "drop without closing",
        ("closing of a drop",),
        Scope(writers=(UPDATE,), readers=TWO_READERS, processes=2, drops=1),
        "I1",
    ),
    Variant(
        "clear of an index in use, entries first",
        ("off before a clear", "index before entries"),
        Scope(writers=(UPDATE,), readers=TWO_READERS, drops=1, faults={"publish fails": 1}),
        "I",
    ),
    Variant("F4", ("index beacon",), Scope(readers=((PAGE,),), faults={"index vanishes": 1}), "I1"),
    Variant(
        "F5",
        ("early beacons",),
        Scope(rows=TWO_TASKS, start=OFF, builders=1, faults={"flush": 1}),
        "I2",
    ),
    Variant(
        "F6",
        ("building marks",),
        Scope(start=OFF, builders=1, writers=(UPDATE,), readers=((BY_ID,),)),
        "I4",
    ),
    Variant(
        "F7",
        ("two statements",),
        Scope(start=OFF, builders=1, writers=(UPDATE,), readers=((BY_ID,),)),
        "I4",
    ),
    Variant(
        "F12, a second builder reuses the epoch",
        ("new epochs",),
        Scope(start=OFF, builders=2, faults={"flush": 1}),
        "I2",
    ),
    Variant(
        "no wait for leases",
        ("lease wait",),
        Scope(writers=(UPDATE,), readers=TWO_READERS, processes=2, faults={"close": 1}),
        "I1",
    ),
    Variant(
        "building without the exclusive lock",
        ("exclusive lock",),
        Scope(start=OFF, builders=1, writers=(UPDATE,), readers=((BY_ID,),)),
        "I4",
    ),
    Variant(
        "building from closing",
        ("never from closing",),
        Scope(writers=(UPDATE,), readers=TWO_READERS, processes=2, builders=1, faults={"close": 1}),
        "I1",
    ),
    Variant(
        "on without a check of the epoch",
        ("epoch in on",),
        Scope(start=OFF, builders=2, epochs=3),
        "I2",
    ),
    Variant("beacons sent twice", (), Scope(faults={"flush": 1, "beacons resent": 1}), "I2"),
    Variant(
        "no check of the run id",
        ("run id",),
        Scope(writers=(UPDATE,), readers=((BY_ID,),), faults={"failover": 1}),
        "I4",
    ),
)

MARKS_AND_LEASES = (
    Variant("F2", ("one publish script",), Scope(writers=(MOVE, UPDATE)), "I2"),
    Variant(
        "F3",
        ("beacon in MGET",),
        Scope(writers=(UPDATE,), readers=TWO_READERS, reads=(1, 2), faults={"flush": 1}),
        "I1",
    ),
    Variant(
        "F8, with deadlines instead of the id lock",
        ("seq", "id lock", "deadline holds"),
        Scope(writers=(UPDATE, UPDATE), readers=TWO_READERS, reads=(1, 2), faults={"mark fails": 1}),
        "I1",
    ),
    Variant(
        "F9",
        ("abort only its own mark",),
        Scope(rows=NO_TASK, writers=(CREATE, CREATE), faults={"rollback": 1}),
        "I2",
    ),
    Variant("F10", ("scrub lease",), Scope(rows=NO_TASK, writers=(CREATE,), scrubs=1), "I2"),
    Variant("index add after the mark", ("add with mark",), Scope(writers=(MOVE, UPDATE)), "I2"),
    Variant(
        "publish over another writer's mark",
        ("publish only over its own mark",),
        Scope(writers=(UPDATE, UPDATE), readers=TWO_READERS, reads=(1, 2)),
        "I1",
    ),
    Variant(
        "a mark that vanishes",
        (),
        Scope(writers=(UPDATE,), readers=TWO_READERS, reads=(1, 2), faults={"mark vanishes": 1}),
        "I1",
    ),
    Variant(
        "a commit slower than its mark's deadline, without the id lock",
        ("id lock",),
        Scope(writers=(UPDATE,), readers=TWO_READERS, reads=(1, 2)),
        "I1",
    ),
    Variant(
        "a takeover of any mark",
        ("token at takeover",),
        Scope(writers=(UPDATE, UPDATE), readers=TWO_READERS, faults={"crash": 1}),
        "I4",
    ),
    Variant(
        "a takeover of another format that also replaces marks",
        ("kind at format takeover",),
        Scope(writers=(UPDATE,), readers=TWO_READERS, reads=(2, 1), two_formats=True, faults={"publish fails": 1}),
        "I4",
    ),
    Variant(
        "the page script takes a lease over a mark",
        ("marks at the page script",),
        Scope(writers=(UPDATE,), readers=((PAGE,),), faults={"publish fails": 1}),
        "I4",
    ),
    Variant(
        "a late fill uses the lease of a later read",
        ("token of each read",),
        Scope(writers=(UPDATE,), readers=((BY_ID,),), reads=(2,), faults={"evict": 1}),
        "I4",
    ),
    Variant(
        "a mark sent twice",
        ("mark sent once",),
        Scope(writers=(UPDATE, UPDATE), readers=((BY_ID,),), faults={"mark fails": 1, "publish fails": 1}),
        "I4",
    ),
)
