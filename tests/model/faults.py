"""What goes wrong by itself, as often as the scope allows."""

from tests.model.state import EMPTY, Scope, State, Steps, may, nothing, put, spend


def steps(s: State, scope: Scope) -> Steps:
    """Every fault that may happen now."""
    if not any(s.faults) and not s.replica and not scope.clock:
        return
    empty = (nothing(scope),) * scope.epochs
    if may(s, "flush") and s.redis != empty:
        yield ("Redis is emptied",), spend(s, "flush")._replace(redis=empty)
    if may(s, "evict"):
        yield from vanishing(s, "evict", ("V", "L"))
    if may(s, "unmark"):
        yield from vanishing(s, "unmark", ("M",))
    if may(s, "beaconed"):
        k = s.redis[s.gate.epoch - 1]
        k = k._replace(rev=k.rev or 1, beacons=(1, 1))
        redis = put(s.redis, s.gate.epoch - 1, k)
        yield ("beacons arrive again",), spend(s, "beaconed")._replace(redis=redis)
    if may(s, "vanish"):
        yield from index_vanishes(s)
    if may(s, "failover"):
        yield ("a replica stops following",), spend(s, "failover")._replace(replica=s.redis)
    if s.replica:
        yield ("the replica takes over",), s._replace(redis=s.replica, replica=(), run=s.run + 1)
    yield from time(s, scope)


def vanishing(s: State, fault: str, kinds: tuple[str, ...]) -> Steps:
    """One entry goes."""
    for e, k in enumerate(s.redis):
        for task, entry in enumerate(k.entries):
            if entry.kind in kinds:
                gone = k._replace(entries=put(k.entries, task, EMPTY))
                after = spend(s, fault)._replace(redis=put(s.redis, e, gone))
                yield (fault, entry, task), after


def index_vanishes(s: State) -> Steps:
    """One index key goes, with its beacon, in the epoch of the gate."""
    e = s.gate.epoch - 1
    k = s.redis[e]
    for view in (0, 1):
        if k.beacons[view]:
            index = tuple((0, had[1]) if view == 0 else (had[0], 0) for had in k.members)
            gone = k._replace(beacons=put(k.beacons, view, 0), members=index)  # type: ignore[arg-type]
            yield (
                ("index key vanishes", view + 1),
                spend(s, "vanish")._replace(redis=put(s.redis, e, gone)),
            )


def time(s: State, scope: Scope) -> Steps:
    """The clock goes on, and what has expired is swept from the indexes."""
    if s.now < scope.clock:
        yield ("the clock strikes", s.now + 1), s._replace(now=s.now + 1)
    if scope.clock:
        for e, k in enumerate(s.redis):
            index = tuple((a if a > s.now else 0, b if b > s.now else 0) for a, b in k.members)
            if index != k.members:
                swept = k._replace(members=index)
                yield ("E1 sweep",), s._replace(redis=put(s.redis, e, swept))
