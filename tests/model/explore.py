"""Breadth-first search through every state of a scope, and the trace to the first violation."""

from array import array
from collections.abc import Iterator
from typing import NamedTuple

from tests.model import faults, gate, reader, rebuild, scrub, writer
from tests.model.invariants import violated
from tests.model.state import Builder, Label, Scope, State, Steps, Writer, initial, nothing


class Result(NamedTuple):
    """How much was seen, and what went wrong."""

    states: int
    transitions: int
    depth: int
    violation: str
    trace: tuple[Label, ...]
    steps: frozenset[object]  # the names of all that were taken

    def __str__(self) -> str:
        if not self.violation:
            return f"{self.states} states, {self.depth} deep: nothing wrong"
        lines = [f"{n:3} {words(label)}" for n, label in enumerate(self.trace, 1)]
        return "\n".join([*lines, f"    => {self.violation}"])


def words(label: Label) -> str:
    """A step as a line to read."""
    return " ".join(str(part) for part in label)


def following(s: State, scope: Scope) -> Steps:
    """Every step that anyone may take, with the state it leads to."""
    for source in (writer, reader, gate, rebuild, scrub, faults):
        for label, after in source.steps(s, scope):
            yield label, canonical(after, scope)


def canonical(s: State, scope: Scope) -> State:
    """The same world without what nobody will ever look at again."""
    marked = {e.of for k in s.redis + s.replica for e in k.entries if e.kind == "M"}
    writers = tuple(
        w if w.pc != "done" or w.late else Writer("done", seq=w.seq if i in marked else 0)
        for i, w in enumerate(s.writers)
    )
    if writers != s.writers:
        s = s._replace(writers=writers)
    if any(b.pc == "done" and b.epoch for b in s.builders):
        s = s._replace(builders=tuple(b if b.pc != "done" else Builder("done") for b in s.builders))
    if scope.epochs > 1 and s.gate.drawn > 1:
        s = without_dead_epochs(s, scope)
    return s


def without_dead_epochs(s: State, scope: Scope) -> State:
    """Clears epochs, and kept pages of epochs, that no one refers to and no one will."""
    used = {s.gate.epoch, *(process.lease for process in s.processes)}
    used.update(w.epoch for w in s.writers)
    used.update(d.epoch for d in s.readers)
    used.update(b.epoch for b in s.builders if b.pc != "done")
    used.update(c.epoch for c in s.scrubbers)
    redis = tuple(k if e in used or e > s.gate.epoch else nothing(scope) for e, k in enumerate(s.redis, 1))
    processes = s.processes
    if "kept by epoch" not in scope.broken:
        processes = tuple(p if not p.kept or p.kept.epoch in used else p._replace(kept=()) for p in processes)
    return s._replace(redis=redis, processes=processes)


def explore(scope: Scope, limit: int = 10**9, exact: bool = False) -> Result:
    """Every reachable state, known by its 64-bit hash; stops at the first violation.

    Of a state only its hash is kept, and from which other it came by which step: a trace is found
    by going that way once more. `exact` keeps the states themselves, to see whether hashes collide.
    """
    first = canonical(initial(scope), scope)
    seen: set[int | State] = {first if exact else hash(first)}
    parents, choices = array("L", [0]), array("H", [0])
    level, at, depth, transitions = [first], 0, 0, 0
    steps: set[object] = set()
    while level:
        depth += 1
        deeper: list[State] = []
        for s in level:
            for choice, (label, after) in enumerate(following(s, scope)):
                transitions += 1
                steps.add(label[0])
                key = after if exact else hash(after)
                if key in seen:
                    continue
                seen.add(key)
                parents.append(at)
                choices.append(choice)
                violation = violated(after, scope)
                if violation:
                    path = way(parents, choices, len(parents) - 1)
                    trace = tuple(retraced(first, scope, path))
                    return Result(len(seen), transitions, depth, violation, trace, frozenset(steps))
                deeper.append(after)
            at += 1
        level = deeper
        if len(seen) > limit:
            raise RuntimeError(f"more than {limit} states")
    return Result(len(seen), transitions, depth, "", (), frozenset(steps))


def way(parents: "array[int]", choices: "array[int]", at: int) -> list[int]:
    """Which step was taken in each state on the way to this one."""
    path = []
    while at:
        path.append(choices[at])
        at = parents[at]
    return path[::-1]


def retraced(s: State, scope: Scope, path: list[int]) -> Iterator[Label]:
    """The labels of these steps."""
    for choice in path:
        label, s = list(following(s, scope))[choice]
        yield label
