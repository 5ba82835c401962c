"""The scopes of declared views: short ones in `make test`, long ones in `make model`."""

from tests.model.views_state import ABSENT, NO_ROW, OLDER_RELEASE, Row, ViewsScope, Write

# Bit sets of views. With two shapes, view A is of the first and view B of the second.
NO_VIEW, A, B, BOTH = 0, 1, 2, 3
TWO_SHAPES, FIRST_SHAPE, SECOND_SHAPE = (0, 1), 1, 2
MOVE, BACK, LABEL, OUT = Write(views=B), Write(views=A), Write(views=BOTH), Write(views=NO_VIEW)
DELETE = Write("delete")
CREATE, BULK = Write("create", views=B), Write("bulk", views=A)
OLDER, OTHER = Write(views=B, maintains=OLDER_RELEASE), Write(views=BOTH, maintains=SECOND_SHAPE)
OLDER_BULK = Write("bulk", views=A, maintains=OLDER_RELEASE)
NO_TASK, TWO_TASKS, EXPIRING = (NO_ROW,), (Row(views=A), Row(views=A)), (Row(views=A, expires_at=1),)
# Without a move between views, to another score of a declared order, and back to the first.
LATER, SOONER = Write(views=A, score=2), Write(views=A)
# Of an earlier expiry than `EXPIRING_LATER`, in the same view and in the other one.
EXPIRING_LATER = (Row(views=A, expires_at=2),)
EARLIER, EARLIER_IN_B = Write(views=A, expires_at=1), Write(views=B, expires_at=1)
MESSAGES = {"mark fails": 1, "publish fails": 1}

SHORT = {
    "moves": ViewsScope(
        writers=(MOVE, BACK), reads=1, scrubs=1, faults={"crash": 1, "rollback": 1, "publish fails": 1}
    ),
    "late messages": ViewsScope(writers=(MOVE, LABEL, DELETE), scrubs=1, faults={"mark fails": 1, "abort fails": 1}),
    "rolled-back creates": ViewsScope(
        rows=NO_TASK, writers=(BULK, CREATE), reads=1, scrubs=1, faults=MESSAGES | {"rollback": 2, "crash": 1}
    ),
    "repeated create": ViewsScope(
        rows=NO_TASK,
        writers=(CREATE, Write("create", views=A)),
        scrubs=1,
        faults=MESSAGES | {"rollback": 1, "abort fails": 1, "crash": 1},
    ),
    "earlier create before a bulk create": ViewsScope(
        rows=NO_TASK, writers=(CREATE, BULK), reads=1, scrubs=1, faults={"crash": 1, "rollback": 1, "abort fails": 1}
    ),
    "build": ViewsScope(
        start=ABSENT, builders=2, writers=(OUT, MOVE), scrubs=1, faults=MESSAGES | {"builder pauses": 1}
    ),
    "other workers": ViewsScope(
        shape_of=TWO_SHAPES, builders=1, writers=(OLDER, OTHER), reads=1, faults={"publish fails": 1}
    ),
    "records of an older release": ViewsScope(rows=NO_TASK, writers=(OLDER_BULK, CREATE), builders=1, reads=1),
    "expiry": ViewsScope(
        rows=EXPIRING,
        writers=(Write(views=B, expires_at=1), Write(views=A, expires_at=2)),
        end_time=2,
        unlists=True,
        scrubs=1,
        faults={"crash": 1, "rollback": 1},
    ),
    "swept by pages": ViewsScope(
        rows=EXPIRING, writers=(Write(views=B),), end_time=2, unlists=True, reads=1, scrubs=1, faults={"crash": 1}
    ),
    "lost keys": ViewsScope(
        rows=TWO_TASKS, writers=(MOVE,), builders=1, reads=1, faults={"view vanishes": 1, "out of memory": 1}
    ),
    "orders": ViewsScope(
        orders=True,
        writers=(LATER, Write(views=BOTH)),
        scrubs=1,
        faults=MESSAGES | {"crash": 1, "rollback": 1, "abort fails": 1},
    ),
    "orders in a build": ViewsScope(
        orders=True,
        start=ABSENT,
        builders=1,
        writers=(LATER, SOONER),
        scrubs=1,
        faults={"mark fails": 1, "rollback": 1},
    ),
    "orders of rolled-back creates": ViewsScope(
        orders=True,
        rows=NO_TASK,
        writers=(Write("bulk", views=A, score=2), BULK, LATER),
        scrubs=1,
        faults={"rollback": 1, "crash": 1},
    ),
    "orders by expiry": ViewsScope(
        rows=EXPIRING_LATER,
        writers=(DELETE, EARLIER_IN_B, BACK),
        scrubs=1,
        faults={"mark fails": 1, "rollback": 1},
    ),
    "orders by expiry in a build": ViewsScope(
        start=ABSENT,
        builders=1,
        writers=(DELETE, EARLIER_IN_B, EARLIER),
        faults={"mark fails": 1, "rollback": 1},
    ),
    "orders by expiry of rolled-back creates": ViewsScope(
        rows=NO_TASK,
        writers=(
            Write("create", views=A, expires_at=2),
            Write("bulk", views=B, expires_at=1),
            Write("create", views=A, expires_at=1),
        ),
        scrubs=1,
        faults={"rollback": 2, "crash": 1, "abort fails": 1},
    ),
}

_EVERY_FAULT = MESSAGES | {"crash": 1, "rollback": 1, "abort fails": 1}
# The largest first: processes that explore them in parallel then end at about the same time.
LONG = {
    "lost keys": ViewsScope(
        rows=TWO_TASKS,
        writers=(MOVE, LABEL),
        builders=2,
        reads=2,
        scrubs=1,
        faults=MESSAGES | {"view vanishes": 1, "out of memory": 1},
    ),
    "expiry in a build": ViewsScope(
        rows=EXPIRING,
        start=ABSENT,
        builders=1,
        writers=(Write(views=B, expires_at=1), Write(views=A, expires_at=2)),
        end_time=2,
        unlists=True,
        reads=1,
        scrubs=1,
        faults={"crash": 1, "rollback": 1, "publish fails": 1},
    ),
    "build with readers": ViewsScope(
        start=ABSENT, builders=2, writers=(OUT, MOVE), reads=1, scrubs=1, faults=_EVERY_FAULT | {"builder pauses": 1}
    ),
    "two tasks in a build": ViewsScope(
        rows=TWO_TASKS,
        start=ABSENT,
        builders=2,
        writers=(MOVE, Write(task=1, views=B), OUT),
        scrubs=1,
        faults={"mark fails": 1, "publish fails": 1, "crash": 1},
    ),
    "other workers and builds": ViewsScope(
        shape_of=TWO_SHAPES,
        builders=1,
        writers=(OLDER, OTHER, MOVE),
        reads=1,
        scrubs=1,
        faults={"publish fails": 1},
    ),
    "orders with three writers": ViewsScope(
        orders=True, writers=(LATER, Write(views=B), SOONER), reads=1, scrubs=1, faults=_EVERY_FAULT
    ),
    "three writers": ViewsScope(writers=(MOVE, LABEL, OUT), reads=1, scrubs=1, faults=_EVERY_FAULT),
    "orders by expiry in a build": ViewsScope(
        start=ABSENT,
        builders=1,
        writers=(DELETE, EARLIER_IN_B, EARLIER),
        scrubs=1,
        faults={"mark fails": 1, "publish fails": 1, "rollback": 1},
    ),
    "orders of creates in a build": ViewsScope(
        orders=True,
        rows=NO_TASK,
        start=ABSENT,
        builders=1,
        writers=(Write("bulk", views=A, score=2), CREATE, Write(views=A, score=3)),
        scrubs=1,
        faults=_EVERY_FAULT | {"rollback": 2},
    ),
    "bulk creates": ViewsScope(
        rows=NO_TASK,
        writers=(BULK, CREATE, BULK),
        builders=1,
        reads=1,
        scrubs=1,
        faults=_EVERY_FAULT | {"rollback": 2},
    ),
}
