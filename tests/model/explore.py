"""Breadth-first search through every reachable state of a scope, with the trace to the first violation."""

from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import NamedTuple, TypeVar

from tests.model import drop, faults, fills, gate, reader, rebuild, scrub, server, writer
from tests.model.invariants import find_violation
from tests.model.scope import Scope, empty_keys, initial_state
from tests.model.scripts import unsettled_writers
from tests.model.state import Backup, Builder, Label, State, Transitions, Writer

S = TypeVar("S", bound=Hashable)


class Result(NamedTuple):
    """The result of an exploration: the size of the state space, or a counterexample."""

    states: int
    transitions: int
    depth: int
    violation: str
    trace: tuple[Label, ...]
    actions: frozenset[object]  # the names of all actions that were taken

    def __str__(self) -> str:
        if not self.violation:
            return f"{self.states} states, depth {self.depth}: no violation"
        lines = [f"{step:3} {format_label(label)}" for step, label in enumerate(self.trace, 1)]
        return "\n".join([*lines, f"    => {self.violation}"])


def format_label(label: Label) -> str:
    """Return the label as a line of a trace."""
    return " ".join(str(part) for part in label)


def successors(state: State, scope: Scope) -> Transitions:
    """Yield every transition out of a state, with its canonical successor."""
    for source in (writer, reader, fills, gate, drop, rebuild, scrub, server, faults):
        for label, after in source.transitions(state, scope):
            yield label, canonical(after, scope)


def canonical(state: State, scope: Scope) -> State:
    """Return the state without fields that no later transition reads, so that equivalent states are equal."""
    marked = {entry.value for keys in state.redis + state.replica for entry in keys.entries if entry.kind == "M"}
    unsettled = {index for keys in state.redis + state.replica for index in unsettled_writers(keys)}
    writers = tuple(
        writer
        if writer.pc != "done" or writer.in_flight
        else Writer(
            "done",
            seq=writer.seq if index in marked | unsettled else 0,
            version=writer.version if index in unsettled else 0,
        )
        for index, writer in enumerate(state.writers)
    )
    if writers != state.writers:
        state = state._replace(writers=writers)
    if any(builder.pc == "done" and builder.epoch for builder in state.builders):
        builders = tuple(builder if builder.pc != "done" else Builder("done") for builder in state.builders)
        state = state._replace(builders=builders)
    if scope.epochs > 1 and state.gate.last_epoch > 1:
        state = without_unused_epochs(state, scope)
    return fills.without_ineffective(state, scope) if state.fills else state


def without_unused_epochs(state: State, scope: Scope) -> State:
    """Clear the keys and cached pages of past epochs that no participant refers to."""
    used = {state.gate.epoch, *(process.lease for process in state.processes)}
    used.update(writer.epoch for writer in state.writers)
    used.update(reader.epoch for reader in state.readers)
    used.update(builder.epoch for builder in state.builders if builder.pc != "done")
    used.update(scrubber.epoch for scrubber in state.scrubbers)
    used.update(dropper.epoch for dropper in state.droppers)
    if isinstance(state.backup, Backup):
        used.add(state.backup.gate.epoch)
    redis = tuple(
        keys if epoch in used or epoch > state.gate.epoch else empty_keys(scope)
        for epoch, keys in enumerate(state.redis, 1)
    )
    processes = state.processes
    if "pages cached by epoch" not in scope.omitted:
        processes = tuple(
            process if not process.page or process.page.epoch in used else process._replace(page=())
            for process in processes
        )
    return state._replace(redis=redis, processes=processes)


def explore(scope: Scope, limit: int = 10**9, exact: bool = False) -> Result:
    """Visit every reachable state of a scope, and stop at the first violation. Raises RuntimeError as `search` does."""
    return search(
        canonical(initial_state(scope), scope),
        lambda state: successors(state, scope),
        lambda state: find_violation(state, scope),
        limit,
        exact,
    )


def search(
    first: S,
    successors_of: Callable[[S], Iterable[tuple[Label, S]]],
    violation_of: Callable[[S], str],
    limit: int = 10**9,
    exact: bool = False,
) -> Result:
    """Visit every state that can be reached from the first one, and stop at the first violation.

    Only the 64-bit hash of a state is kept, with its parent and the number of the transition from there, for the trace.
    `exact` keeps the states themselves, to show that no hashes collide.
    Raises RuntimeError if there are more states than `limit`.
    """
    seen: set[int | S] = {first if exact else hash(first)}
    parents, choices = array("L", [0]), array("H", [0])
    level, parent, depth, transitions = [first], 0, 0, 0
    actions: set[object] = set()
    while level:
        depth += 1
        next_level: list[S] = []
        for state in level:
            for choice, (label, after) in enumerate(successors_of(state)):
                transitions += 1
                actions.add(label[0])
                key = after if exact else hash(after)
                if key in seen:
                    continue
                seen.add(key)
                parents.append(parent)
                choices.append(choice)
                violation = violation_of(after)
                if violation:
                    path = path_to(parents, choices, len(parents) - 1)
                    trace = tuple(replay(first, successors_of, path))
                    return Result(len(seen), transitions, depth, violation, trace, frozenset(actions))
                next_level.append(after)
            parent += 1
        level = next_level
        if len(seen) > limit:
            raise RuntimeError(f"more than {limit} states")
    return Result(len(seen), transitions, depth, "", (), frozenset(actions))


def path_to(parents: "array[int]", choices: "array[int]", index: int) -> list[int]:
    """Return the number of the transition taken in each state on the path to this one."""
    path = []
    while index:
        path.append(choices[index])
        index = parents[index]
    return path[::-1]


def replay(state: S, successors_of: Callable[[S], Iterable[tuple[Label, S]]], path: list[int]) -> Iterator[Label]:
    """Yield the labels of the transitions on a path."""
    for choice in path:
        label, state = list(successors_of(state))[choice]
        yield label
