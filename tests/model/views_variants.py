"""The broken variants of declared views, each with a small scope that has a counterexample."""

from tests.model.views_scopes import (
    BACK,
    BULK,
    CREATE,
    DELETE,
    EARLIER,
    EARLIER_IN_B,
    EXPIRING,
    EXPIRING_LATER,
    LATER,
    MOVE,
    NO_TASK,
    OLDER,
    OUT,
    SHORT,
    SOONER,
    TWO_SHAPES,
    TWO_TASKS,
    B,
)
from tests.model.views_state import ABSENT, ViewsScope, ViewsVariant, Write

V = ViewsVariant
_CRASH = ViewsScope(writers=(MOVE,), reads=1, scrubs=1, faults={"crash": 1, "rollback": 1})
_BUILD = ViewsScope(start=ABSENT, builders=1, writers=(MOVE,))
_LATE_BUILD = ViewsScope(start=ABSENT, builders=1, writers=(OUT, MOVE), faults={"mark fails": 1})
_OTHERS = ViewsScope(shape_of=TWO_SHAPES, writers=(Write(views=B, maintains=2),))
_TWO_BUILDS = ViewsScope(start=ABSENT, builders=2, writers=(MOVE,), faults={"builder pauses": 1})
_BULK = ViewsScope(rows=NO_TASK, writers=(BULK, CREATE), scrubs=1, faults={"rollback": 1})
_LOST = ViewsScope(rows=TWO_TASKS, writers=(MOVE,), reads=1, faults={"view vanishes": 1})
_EXPIRY = SHORT["expiry"]

FENCE = (
    V("readers do not check the fence", ("readers check the fence",), ViewsScope(writers=(OLDER,)), "I"),
    V("scripts do not check the fence", ("scripts check the fence",), ViewsScope(writers=(OLDER, BACK)), "I"),
    V("a worker with other shapes drops none", ("other shapes are dropped",), _OTHERS, "I"),
)
WRITES = (
    V("mark without the old views", ("mark with old views",), _CRASH, "I"),
    V(
        "mark forgets the held views of the mark that it replaces",
        ("mark keeps held views",),
        ViewsScope(writers=(MOVE, Write(views=0)), scrubs=1, faults={"rollback": 1, "crash": 1}),
        "I",
    ),
    V("holding is forgotten before the removal", ("holding until the removal",), _CRASH, "I"),
    V(
        "publish over another writer's mark removes",
        ("publish over its own mark",),
        ViewsScope(writers=(MOVE, BACK)),
        "I",
    ),
    V(
        "abort over another writer's mark removes",
        ("abort over its own mark",),
        ViewsScope(rows=NO_TASK, writers=(CREATE, CREATE), faults={"rollback": 1}),
        "I2",
    ),
    V("abort with the new row", ("abort with the old row",), _CRASH, "I"),
    V("empty views stay", ("empty views are removed",), ViewsScope(writers=(MOVE,)), "registry"),
    V("scrub only by the views of the row", ("scrub of held views", "scrub of found views"), _CRASH, "I"),
)
BULK_CREATES = (
    V("settle without the recorded views", ("recorded views",), _BULK, "I2"),
    V("a mark does not hold the recorded views", ("recorded views are held",), _BULK, "I6"),
    V(
        "settle leaves the held views of an earlier create",
        ("settle of earlier marks",),
        ViewsScope(rows=NO_TASK, writers=(CREATE, BULK), faults={"crash": 1}),
        "I",
    ),
)
BUILDS = (
    V("readers do not wait for a build", ("readers wait for the build",), _BUILD, "I2"),
    V(
        "begin without the gate lock",
        ("begin under the gate lock",),
        ViewsScope(rows=NO_TASK, start=ABSENT, builders=1, writers=(CREATE,)),
        "I2",
    ),
    V("a batch does not skip touched tasks", ("batch skips touched",), _BUILD, "I6"),
    V("a mark records no touched task", ("touched",), _BUILD, "I6"),
    V("a batch skips a task that a late mark has touched", ("batch joins a write",), _LATE_BUILD, "I2"),
    V(
        "finish without a check",
        ("finish checks the generation",),
        ViewsScope(start=ABSENT, builders=1, writers=(OLDER,)),
        "I",
    ),
    V(
        "a batch without a check",
        ("batch checks the generation",),
        _TWO_BUILDS,
        "I",
    ),
    V("a generation is used again", ("new generations",), _TWO_BUILDS, "I"),
    V(
        "begin trusts shapes behind the fence",
        ("begin drops behind the fence",),
        ViewsScope(shape_of=TWO_SHAPES, builders=1, writers=(OLDER,), faults={"out of memory": 1}),
        "I",
    ),
    V(
        "a batch adds expired tasks",
        ("batch skips expired",),
        ViewsScope(rows=EXPIRING, start=ABSENT, builders=1, end_time=1, unlists=True),
        "I3",
    ),
)
EXPIRY_AND_LOSS = (
    V("a sweep keeps no ids", ("sweep keeps ids",), _EXPIRY, "I3"),
    V("unlist forgets an id that was swept again", ("ids swept again stay",), _EXPIRY, "I3"),
    V(
        "unlist removes a task whose expiry was cleared",
        ("tasks without expiry stay",),
        ViewsScope(rows=EXPIRING, writers=(BACK,), end_time=1, unlists=True),
        "I",
    ),
    V(
        "a view that a page swept stays registered",
        ("removal after a page's sweep",),
        ViewsScope(rows=EXPIRING, end_time=1, unlists=True, reads=1),
        "registry",
    ),
    V("a page uses a registered view without sets", ("registered views have sets",), _LOST, "I2"),
    V("a write creates a lost view again", ("lost views are noticed",), _LOST, "I2"),
)
_ORDER = ViewsScope(orders=True, writers=(LATER,))
_LATE = ViewsScope(orders=True, writers=(MOVE, LATER), faults={"mark fails": 1})
_ORDER_BUILD = ViewsScope(
    orders=True, start=ABSENT, builders=1, writers=(LATER, SOONER), faults={"mark fails": 1, "rollback": 1}
)
ORDERS = (
    V("a mark does not note that it reorders a task", ("mark notes tasks",), _ORDER, "I7"),
    V("a late mark trusts the row that its writer knew", ("mark compares with the set",), _LATE, "I7"),
    V("another score moves no task", ("another score moves the task",), _ORDER, "I"),
    V("a batch does not note a task that a late mark holds", ("batch notes held tasks",), _ORDER_BUILD, "I7"),
    V(
        "a mark takes the score of a record without a note",
        ("recorded scores are compared",),
        SHORT["orders of rolled-back creates"],
        "I7",
    ),
)
ORDERS_BY_EXPIRY = (
    V(
        "a mark during a build does not note its task",
        ("mark notes tasks in a build",),
        ViewsScope(rows=EXPIRING, start=ABSENT, builders=1, writers=(EARLIER_IN_B,)),
        "I8",
    ),
    V(
        "a late mark trusts the expiry that its writer knew",
        ("mark compares expiries",),
        ViewsScope(rows=EXPIRING_LATER, writers=(DELETE, EARLIER), faults={"mark fails": 1}),
        "I8",
    ),
    V(
        "a mark trusts the expiry of a record",
        ("mark compares expiries",),
        SHORT["orders by expiry of rolled-back creates"],
        "I8",
    ),
)
REFUTED = (*FENCE, *WRITES, *BULK_CREATES, *BUILDS, *EXPIRY_AND_LOSS, *ORDERS, *ORDERS_BY_EXPIRY)

NOT_REFUTED = (
    V("scrub without the view where a page found the task", ("scrub of found views",), SHORT["moves"], ""),
    V("unlist removes a held id", ("held ids stay swept",), _EXPIRY, ""),
    # A record of an older release has raised `rev`, and a build begins only after its transaction has ended.
    V(
        "a record without views drops no shape",
        ("records without views drop",),
        SHORT["records of an older release"],
        "",
    ),
)
