"""The rebuild: a new epoch, beacons, ids from PostgreSQL while writers go on, then `on`."""

from tests.model import scripts
from tests.model.locks import gate_free
from tests.model.state import (
    BUILDING,
    CLOSING,
    NOWHERE,
    OFF,
    ON,
    Builder,
    Gate,
    Image,
    Scope,
    State,
    Steps,
    may,
    put,
    spend,
)


def steps(s: State, scope: Scope) -> Steps:
    """Everything that any builder may do next."""
    for i, b in enumerate(s.builders):
        if b.pc in STEPS:
            yield from STEPS[b.pc](s, scope, i)
            if b.pc != "new" and may(s, "crash"):
                yield ("builder dies", i), turn(spend(s, "crash"), i, pc="done")


def turn(s: State, i: int, **changes: object) -> State:
    """The world with one builder changed."""
    b: Builder = s.builders[i]._replace(**changes)  # type: ignore[arg-type]
    return s._replace(builders=put(s.builders, i, b))


def beaconed(s: State, epoch: int) -> State:
    """The epoch with `rev` and a beacon in each index."""
    return scripts.keep(s, epoch, scripts.keys(s, epoch)._replace(rev=1, beacons=(1, 1)))


def begin(s: State, scope: Scope, i: int) -> Steps:
    """B1: under the exclusive lock an epoch never used before, its beacons, then `building`."""
    from_ = (OFF, BUILDING, CLOSING) if "never from closing" in scope.broken else (OFF, BUILDING)
    if s.gate.mode not in from_ or not gate_free(s, scope):
        return
    again = "new epochs" in scope.broken and s.gate.mode == BUILDING
    epoch = s.gate.epoch if again else s.gate.drawn + 1
    if epoch > scope.epochs:
        return
    drawn = s._replace(gate=s.gate._replace(drawn=epoch))
    runs = put(s.gate.runs, epoch - 1, s.run)
    begun = turn(drawn, i, pc="snapshot", epoch=epoch)
    begun = begun._replace(gate=Gate(BUILDING, epoch, epoch, runs))
    if "early beacons" not in scope.broken:
        begun = beaconed(begun, epoch)
    yield ("B1 building", i, epoch), begun
    if may(s, "crash"):  # after the beacons, before the commit: the epoch is spent
        failed = turn(spend(drawn, "crash"), i, pc="done")
        yield ("B1 builder dies, epoch spent", i, epoch), beaconed(failed, epoch)


def snapshot(s: State, _scope: Scope, i: int) -> Steps:
    """B2: a batch of one id, in a snapshot from after that commit; each batch may have one of its own."""
    b = s.builders[i]
    yield ("B2 snapshot", i, b.task), turn(s, i, pc="adding", image=s.rows[b.task][-1])


def add(s: State, scope: Scope, i: int) -> Steps:
    """B3: the batch into the index, with the later of two expiries; give up if the beacons are gone."""
    b = s.builders[i]
    k = scripts.keys(s, b.epoch)
    gone = scripts.lost(s, scope, b.epoch) or k.beacons != (1, 1)
    if gone and "early beacons" not in scope.broken:
        yield ("B3 gives up", i), turn(s, i, pc="done")
        return
    if "later expiry in a rebuild" in scope.broken:
        k = k._replace(members=put(k.members, b.task, scripts.overwritten(k.members[b.task], b.image)))
    else:
        k = scripts.add(k, scope, b.task, b.image)
    added = scripts.keep(s, b.epoch, k)
    if b.task + 1 < len(s.rows):
        yield ("B3 add", i, b.task), turn(added, i, pc="snapshot", task=b.task + 1, image=Image(NOWHERE))
    else:
        if "early beacons" in scope.broken:
            added = beaconed(added, b.epoch)
        yield ("B3 add", i, b.task), turn(added, i, pc="added", task=0, image=Image(NOWHERE))


def switch(s: State, scope: Scope, i: int) -> Steps:
    """B4: `on`, if the gate is still building this very epoch."""
    b = s.builders[i]
    mine = s.gate.epoch == b.epoch or "epoch in on" in scope.broken
    done = turn(s, i, pc="done")
    if s.gate.mode == BUILDING and mine:
        yield ("B4 on", i, b.epoch), done._replace(gate=s.gate._replace(mode=ON))
    else:
        yield ("B4 too late", i, b.epoch), done


STEPS = {"new": begin, "snapshot": snapshot, "adding": add, "added": switch}
