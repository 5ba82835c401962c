"""Every step that looks like pedantry, and a small scope in which leaving it out goes wrong."""

from dataclasses import replace
from typing import NamedTuple

from tests.model.scopes import ABSENT, BULK, CREATE, GONE, MOVE, RESTORE, SAME, TWO
from tests.model.state import DONE, OFF, SOON, TODO, Image, Op, Scope

BY_ID, PAGE, OTHER_PAGE = 0, TODO, DONE


class Variant(NamedTuple):
    """What is left out, where, and which words the violation has in it."""

    name: str
    without: tuple[str, ...]
    scope: Scope
    violation: str

    def broken(self) -> Scope:
        """The scope with the step left out."""
        return replace(self.scope, broken=frozenset(self.without))


SOONEST = Scope(rows=(Image(TODO, 1),), writers=(Op("update", until=2), Op("update", until=1)), readers=((SOON,),))
TWO_READERS = ((BY_ID,), (BY_ID,))

REFUTED = (
    Variant(
        "F1",
        ("closing",),
        Scope(writers=(SAME,), readers=TWO_READERS, processes=2, faults={"close": 1, "crash": 1}),
        "I1",
    ),
    Variant("F2", ("one publish script",), Scope(writers=(MOVE, SAME)), "I2"),
    Variant(
        "F3",
        ("beacon in MGET",),
        Scope(writers=(SAME,), readers=TWO_READERS, reads=(1, 2), faults={"flush": 1}),
        "I1",
    ),
    Variant("F4", ("index beacon",), Scope(readers=((PAGE,),), faults={"vanish": 1}), "I1"),
    Variant(
        "F5",
        ("early beacons",),
        Scope(rows=TWO, start=OFF, builders=1, faults={"flush": 1}),
        "I2",
    ),
    Variant(
        "F6",
        ("building marks",),
        Scope(start=OFF, builders=1, writers=(SAME,), readers=((BY_ID,),)),
        "I4",
    ),
    Variant(
        "F7",
        ("two statements",),
        Scope(start=OFF, builders=1, writers=(SAME,), readers=((BY_ID,),)),
        "I4",
    ),
    Variant(
        "F8, with deadlines instead of the id lock",
        ("seq", "id lock", "deadline holds"),
        Scope(writers=(SAME, SAME), readers=TWO_READERS, reads=(1, 2), faults={"unmarked": 1}),
        "I1",
    ),
    Variant(
        "F9",
        ("own abort",),
        Scope(rows=ABSENT, writers=(CREATE, CREATE), faults={"rollback": 1}),
        "I2",
    ),
    Variant("F10", ("scrub lease",), Scope(rows=ABSENT, writers=(CREATE,), scrubs=1), "I2"),
    Variant(
        "F11",
        ("live marks are not kept",),
        Scope(rows=GONE, writers=(RESTORE,), readers=((PAGE,),), keep=True, faults={"unpublished": 1}),
        "kept",
    ),
    Variant(
        "F11, only what is shown counts",
        ("dropped marks count",),
        Scope(rows=GONE, writers=(RESTORE,), readers=((PAGE,),), keep=True, faults={"unpublished": 1}),
        "kept",
    ),
    Variant(
        "F12, a takeover goes on in the same epoch",
        ("new epochs",),
        Scope(start=OFF, builders=2, faults={"flush": 1}),
        "I2",
    ),
    Variant(
        "F12, rev is made again",
        ("rev is never made",),
        Scope(writers=(SAME, SAME), readers=((PAGE,),), reads=(2,), keep=True, faults={"flush": 1}),
        "I1",
    ),
    Variant(
        "F12, pages kept without their epoch",
        ("kept by epoch",),
        Scope(
            writers=(SAME,),
            readers=((PAGE,),),
            reads=(2,),
            builders=1,
            keep=True,
            faults={"close": 1},
        ),
        "I1",
    ),
    Variant(
        "no wait for leases",
        ("lease wait",),
        Scope(writers=(SAME,), readers=TWO_READERS, processes=2, faults={"close": 1}),
        "I1",
    ),
    Variant(
        "building without the exclusive lock",
        ("exclusive lock",),
        Scope(start=OFF, builders=1, writers=(SAME,), readers=((BY_ID,),)),
        "I4",
    ),
    Variant(
        "building from closing",
        ("never from closing",),
        Scope(writers=(SAME,), readers=TWO_READERS, processes=2, builders=1, faults={"close": 1}),
        "I1",
    ),
    Variant(
        "on without the epoch in its condition",
        ("epoch in on",),
        Scope(start=OFF, builders=2, epochs=3),
        "I2",
    ),
    Variant("add apart from the mark", ("add with mark",), Scope(writers=(MOVE, SAME)), "I2"),
    Variant(
        "publish over another's mark",
        ("another's mark",),
        Scope(writers=(SAME, SAME), readers=TWO_READERS, reads=(1, 2)),
        "I1",
    ),
    Variant(
        "no raise at mark",
        ("rev at mark",),
        Scope(writers=(SAME,), readers=((PAGE,), (BY_ID,)), reads=(2, 1), keep=True),
        "I1",
    ),
    Variant(
        "no raise at publish",
        ("rev at publish",),
        Scope(writers=(MOVE,), readers=((PAGE,),), keep=True, faults={"crash": 1}),
        "kept",
    ),
    Variant(
        "no raise at abort",
        ("rev at abort",),
        Scope(writers=(MOVE,), readers=((OTHER_PAGE,),), keep=True, faults={"rollback": 1}),
        "kept",
    ),
    Variant(
        "no raise at scrub",
        ("rev at scrub",),
        Scope(writers=(MOVE,), readers=((PAGE,),), keep=True, scrubs=1, faults={"unpublished": 1}),
        "kept",
    ),
    Variant(
        "a mark that vanishes by itself",
        (),
        Scope(writers=(SAME,), readers=TWO_READERS, reads=(1, 2), faults={"unmark": 1}),
        "I1",
    ),
    Variant(
        "a commit slower than its mark's deadline, without the id lock",
        ("id lock",),
        Scope(writers=(SAME,), readers=TWO_READERS, reads=(1, 2)),
        "I1",
    ),
    Variant(
        "a takeover of whichever mark is there",
        ("token at takeover",),
        Scope(writers=(SAME, SAME), readers=TWO_READERS, faults={"crash": 1}),
        "I4",
    ),
    Variant(
        "bulk: the scrub does not wait for BULK",
        ("bulk lock",),
        Scope(rows=ABSENT, writers=(BULK,), scrubs=1),
        "I2",
    ),
    Variant(
        "bulk: leases are not deleted",
        ("bulk lease",),
        Scope(rows=ABSENT, writers=(BULK,), scrubs=1),
        "I2",
    ),
    Variant(
        "bulk: older marks are not deleted",
        ("bulk mark",),
        Scope(rows=ABSENT, writers=(CREATE, BULK), faults={"rollback": 1}),
        "I2",
    ),
    Variant(
        "bulk: a late add deletes newer marks",
        ("bulk seq",),
        Scope(
            rows=ABSENT,
            writers=(BULK, BULK, SAME),
            readers=TWO_READERS,
            reads=(1, 2),
            faults={"unmarked": 1},
        ),
        "I1",
    ),
    Variant(
        "bulk: pages that dropped an absent id are kept",
        ("absent is not kept",),
        Scope(rows=ABSENT, writers=(BULK,), readers=((PAGE,),), keep=True),
        "kept",
    ),
    Variant(
        "bulk: an abort after a mark of which nothing is known",
        ("no abort without a mark",),
        Scope(rows=ABSENT, writers=(CREATE, BULK), faults={"unmarked": 1, "abortless": 1}),
        "I2",
    ),
    Variant(
        "a mark sent twice",
        ("sent once",),
        Scope(
            writers=(SAME, SAME),
            readers=((BY_ID,),),
            faults={"unmarked": 1, "unpublished": 1},
        ),
        "I4",
    ),
    Variant(
        "bulk: no raise at add",
        ("rev at add",),
        Scope(rows=ABSENT, writers=(BULK,), readers=((PAGE,),), keep=True),
        "kept",
    ),
    Variant(
        "expiring takes an earlier expiry at the mark",
        ("later expiry",),
        Scope(writers=(Op("update", until=1),), clock=1, faults={"rollback": 1}),
        "I2",
    ),
    Variant(
        "expiring keeps the earlier of two expiries until publish",
        ("expiry at mark",),
        Scope(rows=(Image(TODO, 1),), writers=(SAME,), clock=1),
        "I2",
    ),
    Variant(
        "a rebuild overwrites the expiry that a writer set",
        ("later expiry in a rebuild",),
        Scope(rows=(Image(TODO, 1),), start=OFF, writers=(Op("update"),), builders=1, clock=1),
        "I2",
    ),
    Variant(
        "of a write of two one is not marked",
        ("a mark of each",),
        Scope(
            rows=TWO,
            writers=(Op("update", task=1), Op("update", follows=0)),
            readers=((BY_ID,), (BY_ID,)),
            reads=(1, 2),
        ),
        "I1",
    ),
    Variant("the order of expiries, without moving", ("moving",), SOONEST, "I1"),
    Variant("moving is settled over another's mark", ("moving under its own mark",), SOONEST, "I1"),
    Variant(
        "the scrub leaves moving",
        ("moving at scrub",),
        replace(SOONEST, writers=SOONEST.writers[:1], scrubs=1, faults={"unpublished": 1}),
        "nobody will settle it",
    ),
    Variant(
        "pages kept past the next expiry",
        ("kept until the next expiry",),
        Scope(rows=(Image(TODO, 1),), readers=((PAGE,),), reads=(2,), clock=1, keep=True),
        "kept",
    ),
    Variant(
        "pages kept under the rev of their last script call",
        ("rev of the first call",),
        Scope(rows=TWO, writers=(MOVE,), readers=((PAGE,),), page=1, keep=True),
        "kept",
    ),
    Variant(
        "beacons sent twice",
        (),
        Scope(faults={"flush": 1, "beaconed": 1}),
        "I2",
    ),
    Variant(
        "the run id is not looked at",
        ("run id",),
        Scope(writers=(SAME,), readers=((BY_ID,),), faults={"failover": 1}),
        "I4",
    ),
)

# Left out, with the id lock in place, and nothing goes wrong: a takeover waits for every writer of
# the id, also for one whose mark was replaced. Kept as insurance; the bulk add needs seq anyway.
NOT_FORCED = (
    Variant(
        "F8, with the id lock",
        ("seq",),
        Scope(writers=(MOVE, SAME), readers=TWO_READERS, reads=(1, 2), faults={"unmarked": 1}),
        "",
    ),
)
