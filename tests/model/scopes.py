"""The unbroken protocol's scopes: what `make test` explores, and what the long run does."""

from tests.model.state import DELETED, DONE, NEVER, NOWHERE, OFF, SOON, TODO, Image, Op, Scope

MOVE, SAME = Op("update", view=DONE), Op("update", view=TODO)
DELETE, RESTORE = Op("delete"), Op("restore")
CREATE, BULK = Op("create"), Op("bulk")
ABSENT, GONE, TWO = (Image(NOWHERE),), (Image(DELETED),), (Image(TODO), Image(TODO))
ALL, BY_ID, PAGES = (0, TODO, DONE), (0,), (TODO, DONE)
FAULTS = {"crash": 1, "unmarked": 1, "unpublished": 1}

SHORT = {
    "writers and readers": Scope(writers=(MOVE, SAME), readers=(BY_ID, (DONE,)), faults={"crash": 1, "rollback": 1}),
    "late messages": Scope(writers=(SAME, MOVE), readers=(ALL,), faults={"unmarked": 1, "unpublished": 1}),
    "delete and restore, scrubbed": Scope(
        rows=GONE, writers=(RESTORE, DELETE), readers=((TODO,),), scrubs=1, faults={"evict": 1}
    ),
    "the gate": Scope(
        writers=(SAME,),
        readers=(BY_ID, BY_ID),
        processes=2,
        builders=1,
        faults={"close": 1, "flush": 1},
    ),
    "processes that pause": Scope(
        writers=(SAME,),
        readers=(BY_ID, BY_ID),
        reads=(1, 2),
        pauses=True,
        faults={"close": 1, "evict": 1},
    ),
    "a rebuild that races a writer": Scope(
        start=OFF,
        builders=2,
        epochs=3,
        writers=(MOVE,),
        readers=(PAGES,),
        faults={"crash": 1, "flush": 1},
    ),
    "expiry during a rebuild": Scope(
        rows=(Image(TODO, 1),),
        start=OFF,
        writers=(Op("update", until=2),),
        builders=1,
        readers=((TODO,),),
        clock=2,
        faults={"crash": 1, "rollback": 1},
    ),
    "kept pages": Scope(writers=(MOVE, SAME), readers=(PAGES,), reads=(2,), keep=True, faults={"flush": 1}),
    "bulk creates": Scope(
        rows=ABSENT,
        writers=(BULK, BULK),
        readers=((TODO,), BY_ID),
        scrubs=2,
        faults={"unmarked": 1, "rollback": 1},
    ),
    "expiry": Scope(
        rows=(Image(TODO, 1),),
        writers=(Op("update", until=2), Op("update", until=1)),
        readers=((TODO,),),
        scrubs=1,
        clock=2,
        faults={"rollback": 1},
    ),
    "a write of two": Scope(
        rows=TWO,
        writers=(MOVE, Op("update", task=1, view=DONE, follows=0), Op("update", task=1)),
        readers=((TODO,),),
        faults={"unpublished": 1},
    ),
    "the order of expiries": Scope(
        rows=(Image(TODO, 1),),
        writers=(Op("update", until=2), Op("update", until=1)),
        readers=((SOON,),),
        scrubs=1,
        faults={"unpublished": 1},
    ),
}

LONG = {
    "two writers, two readers, every message fault": Scope(
        writers=(MOVE, SAME), readers=(ALL, BY_ID), reads=(1, 2), faults=FAULTS | {"rollback": 1}
    ),
    "three writers": Scope(
        writers=(MOVE, SAME, SAME),
        readers=(BY_ID,),
        scrubs=1,
        faults={"unmarked": 1, "unpublished": 1},
    ),
    "delete, restore, move": Scope(
        rows=GONE,
        writers=(RESTORE, DELETE, MOVE),
        readers=((TODO,),),
        scrubs=1,
        faults={"crash": 1, "rollback": 1, "abortless": 1},
    ),
    "creates that fail": Scope(
        rows=ABSENT,
        writers=(CREATE, CREATE),
        readers=((TODO,), BY_ID),
        scrubs=1,
        faults=FAULTS | {"rollback": 1, "abortless": 1},
    ),
    "the gate, and processes that pause": Scope(
        writers=(SAME,),
        readers=(BY_ID, BY_ID),
        reads=(1, 2),
        processes=2,
        pauses=True,
        builders=1,
        faults={"close": 1, "crash": 1, "flush": 1, "evict": 1},
    ),
    "two rebuilds, two writers": Scope(
        start=OFF,
        builders=2,
        epochs=3,
        writers=(MOVE, SAME),
        readers=(PAGES,),
        faults={"crash": 1, "flush": 1, "unmarked": 1},
    ),
    "closing and coming back": Scope(
        writers=(MOVE, SAME),
        readers=((0, DONE), BY_ID),
        processes=2,
        builders=1,
        faults={"close": 1, "unmarked": 1},
    ),
    "kept pages": Scope(
        writers=(MOVE, SAME),
        readers=((TODO,), BY_ID),
        reads=(2, 1),
        keep=True,
        faults={"unpublished": 1, "crash": 1},
    ),
    "kept pages over two epochs": Scope(
        writers=(MOVE,),
        readers=((TODO,), (TODO,)),
        reads=(2, 1),
        processes=2,
        builders=1,
        keep=True,
        faults={"close": 1, "flush": 1},
    ),
    "pages of one, read on": Scope(
        rows=TWO,
        writers=(MOVE, Op("delete", task=1)),
        readers=((TODO,), (TODO,)),
        reads=(2, 1),
        page=1,
        keep=True,
    ),
    "bulk creates, retried": Scope(
        rows=ABSENT,
        writers=(BULK, BULK, MOVE),
        readers=((TODO,), BY_ID),
        scrubs=1,
        faults={"unmarked": 1, "rollback": 1},
    ),
    "bulk creates against a create, pages kept": Scope(
        rows=ABSENT,
        writers=(BULK, CREATE),
        readers=((TODO,), BY_ID),
        reads=(2, 1),
        keep=True,
        scrubs=1,
        faults={"unmarked": 1, "rollback": 1, "abortless": 1},
    ),
    "bulk creates during a rebuild": Scope(
        rows=ABSENT,
        start=OFF,
        writers=(BULK, BULK),
        readers=((TODO,),),
        builders=2,
        epochs=3,
        scrubs=1,
        faults={"close": 1, "flush": 1, "unmarked": 1},
    ),
    "expiry": Scope(
        rows=(Image(TODO, 1),),
        writers=(Op("update", until=3), Op("update", until=NEVER)),
        readers=((TODO,),),
        scrubs=1,
        clock=2,
        faults={"rollback": 1, "unpublished": 1, "unmarked": 1},
    ),
    "the order of expiries": Scope(
        rows=(Image(TODO, 2),),
        writers=(Op("update", until=1), Op("update", until=2), Op("update", view=DONE, until=1)),
        readers=((SOON,),),
        scrubs=1,
        faults={"unpublished": 1, "rollback": 1, "abortless": 1, "unmarked": 1},
    ),
    "writes of two": Scope(
        rows=TWO,
        writers=(MOVE, Op("delete", task=1, follows=0), Op("update", task=1, view=DONE), Op("update", task=0)),
        readers=((DONE,),),
        faults={"unpublished": 1, "rollback": 1, "unmarked": 1},
    ),
    "an index key vanishes": Scope(
        writers=(MOVE, SAME),
        readers=(PAGES, (TODO,)),
        faults={"vanish": 1, "unpublished": 1},
    ),
    "failover to an old replica": Scope(
        writers=(SAME, MOVE),
        readers=((0, TODO),),
        reads=(2,),
        builders=1,
        faults={"failover": 1, "close": 1},
    ),
}
