"""The scopes in which the complete protocol is explored: short ones in `make test`, long ones in `make model`."""

from tests.model.scope import Scope, Write
from tests.model.state import COUNTS, DELETED, DONE, EXPIRING_SOON, NEVER, NO_ROW, OFF, TODO, RowVersion

MOVE, UPDATE = Write("update", view=DONE), Write("update", view=TODO)
DELETE, RESTORE = Write("delete"), Write("restore")
CREATE, BULK = Write("create"), Write("bulk")
NO_TASK, DELETED_TASK, TWO_TASKS = (RowVersion(NO_ROW),), (RowVersion(DELETED),), (RowVersion(TODO), RowVersion(TODO))
ANY_READ, BY_ID, PAGES = (0, TODO, DONE), (0,), (TODO, DONE)
WRITER_FAULTS = {"crash": 1, "mark fails": 1, "publish fails": 1}

SHORT = {
    "writers and readers": Scope(writers=(MOVE, UPDATE), readers=(BY_ID, (DONE,)), faults={"crash": 1, "rollback": 1}),
    "late messages": Scope(writers=(UPDATE, MOVE), readers=(ANY_READ,), faults={"mark fails": 1, "publish fails": 1}),
    "two releases": Scope(
        writers=(UPDATE, MOVE), readers=(BY_ID, BY_ID), two_formats=True, faults={"crash": 1, "publish fails": 1}
    ),
    "delete, restore and scrub": Scope(
        rows=DELETED_TASK, writers=(RESTORE, DELETE), readers=((TODO,),), scrubs=1, faults={"evict": 1}
    ),
    "gate": Scope(
        writers=(UPDATE,),
        readers=(BY_ID, BY_ID),
        processes=2,
        builders=1,
        faults={"close": 1, "flush": 1},
    ),
    "idle drop": Scope(writers=(UPDATE,), readers=(BY_ID,), reads=(2,), builders=1, drops=1, faults={"crash": 1}),
    "pausing processes": Scope(
        writers=(UPDATE,),
        readers=(BY_ID, BY_ID),
        reads=(1, 2),
        pauses=True,
        faults={"close": 1, "evict": 1},
    ),
    "rebuild and writer": Scope(
        start=OFF,
        builders=2,
        epochs=3,
        writers=(MOVE,),
        readers=(PAGES,),
        faults={"crash": 1, "flush": 1},
    ),
    "expiry during a rebuild": Scope(
        rows=(RowVersion(TODO, 1),),
        start=OFF,
        writers=(Write("update", expires_at=2),),
        builders=1,
        readers=((TODO,),),
        end_time=2,
        faults={"crash": 1, "rollback": 1},
    ),
    "cached pages": Scope(writers=(MOVE, UPDATE), readers=(PAGES,), reads=(2,), page_cache=True, faults={"flush": 1}),
    "shared checks": Scope(
        writers=(MOVE,),
        readers=((TODO,), (TODO,)),
        reads=(2, 1),
        page_cache=True,
        counts_after_page=True,
        faults={"cancel": 1},
    ),
    "cached counts": Scope(
        rows=(RowVersion(TODO, 1),),
        writers=(MOVE,),
        readers=((COUNTS,),),
        reads=(2,),
        end_time=2,
        page_cache=True,
        faults={"publish fails": 1, "rollback": 1},
    ),
    "bulk creates": Scope(
        rows=NO_TASK,
        writers=(BULK, BULK),
        readers=((TODO,), BY_ID),
        scrubs=1,
        faults={"mark fails": 1, "publish fails": 1, "rollback": 1},
    ),
    "expiry": Scope(
        rows=(RowVersion(TODO, 1),),
        writers=(Write("update", expires_at=2), Write("update", expires_at=1)),
        readers=((TODO,),),
        scrubs=1,
        end_time=2,
        faults={"rollback": 1},
    ),
    "restored database": Scope(
        writers=(MOVE,), readers=((0, TODO),), reads=(2,), builders=1, page_cache=True, faults={"restore": 1}
    ),
    "write of two tasks": Scope(
        rows=TWO_TASKS,
        writers=(MOVE, Write("update", task=1, view=DONE, leader=0), Write("update", task=1)),
        readers=((TODO,),),
        faults={"publish fails": 1},
    ),
    "pages by expiry": Scope(
        rows=(RowVersion(TODO, 1),),
        writers=(Write("update", expires_at=2), Write("update", expires_at=1)),
        readers=((EXPIRING_SOON,),),
        scrubs=1,
        faults={"publish fails": 1},
    ),
}

LONG = {
    "idle drop": Scope(
        writers=(UPDATE,),
        readers=(BY_ID, BY_ID),
        processes=2,
        builders=1,
        drops=1,
        faults={"crash": 1, "publish fails": 1},
    ),
    "two writers, two readers, every message fault": Scope(
        writers=(MOVE, UPDATE), readers=(ANY_READ, BY_ID), reads=(1, 2), faults=WRITER_FAULTS | {"rollback": 1}
    ),
    "three writers": Scope(
        writers=(MOVE, UPDATE, UPDATE),
        readers=(BY_ID,),
        scrubs=1,
        faults={"mark fails": 1, "publish fails": 1},
    ),
    "delete, restore, move": Scope(
        rows=DELETED_TASK,
        writers=(RESTORE, DELETE, MOVE),
        readers=((TODO,),),
        scrubs=1,
        faults={"crash": 1, "rollback": 1, "abort fails": 1},
    ),
    "failing creates": Scope(
        rows=NO_TASK,
        writers=(CREATE, CREATE),
        readers=((TODO,), BY_ID),
        scrubs=1,
        faults=WRITER_FAULTS | {"rollback": 1, "abort fails": 1},
    ),
    "gate and pausing processes": Scope(
        writers=(UPDATE,),
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
        writers=(MOVE, UPDATE),
        readers=(PAGES,),
        faults={"crash": 1, "flush": 1, "mark fails": 1},
    ),
    "closing and rebuilding": Scope(
        writers=(MOVE, UPDATE),
        readers=((0, DONE), BY_ID),
        processes=2,
        builders=1,
        faults={"close": 1, "mark fails": 1},
    ),
    "cached pages": Scope(
        writers=(MOVE, UPDATE),
        readers=((TODO,), BY_ID),
        reads=(2, 1),
        page_cache=True,
        faults={"publish fails": 1, "crash": 1},
    ),
    "cached pages over two epochs": Scope(
        writers=(MOVE,),
        readers=((TODO,), (TODO,)),
        reads=(2, 1),
        processes=2,
        builders=1,
        page_cache=True,
        faults={"close": 1, "flush": 1},
    ),
    "shared checks": Scope(
        writers=(UPDATE,),
        readers=((TODO,), (TODO,)),
        reads=(2, 2),
        page_cache=True,
        counts_after_page=True,
        faults={"cancel": 1, "publish fails": 1, "crash": 1},
    ),
    "cached pages over a failover": Scope(
        writers=(UPDATE,),
        readers=((TODO, COUNTS),),
        reads=(3,),
        builders=1,
        page_cache=True,
        faults={"failover": 1, "close": 1},
    ),
    "cached pages and counts of expiring tasks": Scope(
        rows=(RowVersion(TODO, 1),),
        writers=(Write("update", expires_at=2),),
        readers=((TODO, COUNTS),),
        reads=(2,),
        end_time=2,
        page_cache=True,
        counts_after_page=True,
        scrubs=1,
        faults={"publish fails": 1, "rollback": 1},
    ),
    "cached counts": Scope(
        rows=(RowVersion(TODO, 1),),
        writers=(Write("update", expires_at=2), DELETE),
        readers=((COUNTS,),),
        reads=(2,),
        end_time=2,
        page_cache=True,
        scrubs=1,
        faults={"publish fails": 1, "rollback": 1},
    ),
    "cached pages after a rebuild": Scope(
        rows=(RowVersion(TODO, 2),),
        start=OFF,
        writers=(Write("update", expires_at=1),),
        builders=1,
        readers=((TODO,),),
        reads=(2,),
        end_time=2,
        page_cache=True,
        scrubs=1,
        faults={"publish fails": 1, "crash": 1},
    ),
    "pages of one task": Scope(
        rows=TWO_TASKS,
        writers=(MOVE, Write("delete", task=1)),
        readers=((TODO,), (TODO,)),
        reads=(2, 1),
        page_size=1,
        page_cache=True,
    ),
    "bulk creates, retried": Scope(
        rows=NO_TASK,
        writers=(BULK, BULK, MOVE),
        readers=((TODO,), BY_ID),
        scrubs=1,
        faults={"mark fails": 1, "rollback": 1},
    ),
    "counts of bulk creates and a delete": Scope(
        rows=NO_TASK,
        writers=(BULK, DELETE),
        readers=((COUNTS, TODO),),
        reads=(2,),
        scrubs=1,
        page_cache=True,
        faults={"mark fails": 1, "publish fails": 1, "crash": 1},
    ),
    "bulk create and create, cached pages": Scope(
        rows=NO_TASK,
        writers=(BULK, CREATE),
        readers=((TODO,), BY_ID),
        reads=(2, 1),
        page_cache=True,
        scrubs=1,
        faults={"mark fails": 1, "rollback": 1, "abort fails": 1},
    ),
    "bulk creates during a rebuild": Scope(
        rows=NO_TASK,
        start=OFF,
        writers=(BULK, BULK),
        readers=((TODO,),),
        builders=2,
        epochs=3,
        scrubs=1,
        faults={"close": 1, "flush": 1, "mark fails": 1},
    ),
    "expiry": Scope(
        rows=(RowVersion(TODO, 1),),
        writers=(Write("update", expires_at=3), Write("update", expires_at=NEVER)),
        readers=((TODO,),),
        scrubs=1,
        end_time=2,
        faults={"rollback": 1, "publish fails": 1, "mark fails": 1},
    ),
    "pages by expiry": Scope(
        rows=(RowVersion(TODO, 2),),
        writers=(
            Write("update", expires_at=1),
            Write("update", expires_at=2),
            Write("update", view=DONE, expires_at=1),
        ),
        readers=((EXPIRING_SOON,),),
        scrubs=1,
        faults={"publish fails": 1, "rollback": 1, "abort fails": 1, "mark fails": 1},
    ),
    "writes of two tasks": Scope(
        rows=TWO_TASKS,
        writers=(MOVE, Write("delete", task=1, leader=0), Write("update", task=1, view=DONE), Write("update", task=0)),
        readers=((DONE,),),
        faults={"publish fails": 1, "rollback": 1, "mark fails": 1},
    ),
    "lost index key": Scope(
        writers=(MOVE, UPDATE),
        readers=(PAGES, (TODO,)),
        faults={"index vanishes": 1, "publish fails": 1},
    ),
    "restored database": Scope(
        writers=(UPDATE,), readers=(BY_ID, BY_ID), processes=2, builders=1, faults={"restore": 1, "publish fails": 1}
    ),
    "database restored during a rebuild": Scope(
        start=OFF, writers=(MOVE,), readers=((TODO,),), builders=2, epochs=3, faults={"restore": 2}
    ),
    "database restored while the gate closes": Scope(
        writers=(UPDATE,), readers=(BY_ID,), reads=(2,), builders=1, scrubs=1, faults={"restore": 1, "close": 1}
    ),
    "failover to a stale replica": Scope(
        writers=(UPDATE, MOVE),
        readers=((0, TODO),),
        reads=(2,),
        builders=1,
        faults={"failover": 1, "close": 1},
    ),
}
