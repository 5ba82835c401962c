"""The checker of a history: whether the service may have produced it.

The versions of a task count up by one with each write, so the checker needs no search through the possible orders of
concurrent operations, and takes one pass over the invocations and completions in the order of time. The versions
that were acknowledged or returned before the invocation of an operation are a floor for what it may return; its
completion raises the floor.
"""

from collections import Counter
from dataclasses import dataclass

from tests.faults.history import PAGES, History, ObservedTask, Operation, Outcome
from tests.faults.ledger import Ledger, Violation, WriteEffect
from tests.faults.orders import BY_CREATION, comes_before, is_declared, order_violations, sorting_value
from tests.faults.task_state import TOLERANCE_SECONDS, Floor, TaskState
from tests.faults.views import View


@dataclass
class _AtInvocation:
    """The checker's knowledge at the invocation of an operation."""

    floors: dict[str, Floor]
    certain: int = 0
    ceased: int = 0


def check(history: History) -> list[Violation]:
    """Return every violation in the history, in the order in which they show."""
    return _Checker(history.operations).run()


class _Checker:
    def __init__(self, operations: list[Operation]) -> None:
        self._operations = operations
        self._ledger = Ledger(operations)
        self._states: dict[str, TaskState] = {}
        # Ids of the tasks that are known to exist. Without this set every page would check all tasks ever deleted.
        self._existing: set[str] = set()
        self._in_flight: dict[int, _AtInvocation] = {}
        # By view: how many tasks are certainly in it now, and how many have ceased to be so far.
        self._certain: Counter[View] = Counter()
        self._ceased: Counter[View] = Counter()
        self._violations = self._ledger.violations

    def run(self) -> list[Violation]:
        """Process all events. At equal times invocations come first: such operations count as concurrent."""
        events = [(op.start, 0, number) for number, op in enumerate(self._operations)]
        events += [(op.end, 1, number) for number, op in enumerate(self._operations)]
        for _, is_completion, number in sorted(events):
            operation = self._operations[number]
            if is_completion:
                self._complete(operation, self._in_flight.pop(number))
            else:
                self._in_flight[number] = self._invoke(operation)
        return self._violations

    def _invoke(self, op: Operation) -> _AtInvocation:
        view = op.invocation.view
        if op.kind == "rows":
            floors = {id_: state.floor for id_, state in self._states.items()}
        elif op.invocation.whole_view or _shows_moves(op):
            self._existing -= {id_ for id_ in self._existing if self._states[id_].has_expired(op.wall_start)}
            floors = {id_: self._states[id_].floor for id_ in self._existing}
        else:
            floors = {}
        ids = {*op.invocation.ids, *op.completion.missing, *(task.id for task in op.completion.tasks)}
        floors |= {id_: self._state(id_).floor for id_ in ids}
        known = _AtInvocation(floors, self._certain[view], self._ceased[view])
        for effect in self._ledger.effects(op):
            self._update(effect.id, effect)
        return known

    def _complete(self, op: Operation, known: _AtInvocation) -> None:
        if op.completion.outcome not in (Outcome.OK, Outcome.REJECTED):
            return
        for task in op.completion.tasks:
            self._check_returned(op, task, known.floors.get(task.id, Floor()))
        for id_, version in op.completion.missing.items():
            self._check_missing(op, id_, version, known.floors.get(id_, Floor()))
        if op.invocation.whole_view:
            self._check_whole_view(op, known)
        elif _shows_moves(op):
            self._check_start(op, known)
        if op.kind in PAGES:
            self._check_page(op, known)
            self._violations += order_violations(op, self._ledger)
        if op.kind == "rows":
            self._ledger.check_rows(op)

    def _check_returned(self, op: Operation, task: ObservedTask, floor: Floor) -> None:
        record, version = self._ledger.records[task.id], task.version
        if floor.deleted and version <= floor.version:
            text = f"version {version} was returned after the task was deleted at version {floor.version}"
            self._report("I1", op, task.id, text)
        elif version < floor.version:
            self._report("I1", op, task.id, f"version {version} was returned after version {floor.version}")
        elif op.kind == "update" and version <= floor.version:
            self._report("I1", op, task.id, f"an update returned version {version}, which existed already")
        if version in record.deleted_versions:
            self._report("I1", op, task.id, f"version {version} was returned, but it is a delete")
        if record.write_start.get(version, op.end) > op.end:
            self._report("I1", op, task.id, f"version {version} was returned before its write was invoked")
        expires_at = task.expires_at
        if op.kind != "rows" and expires_at is not None and expires_at + TOLERANCE_SECONDS < op.wall_start:
            self._report("I5", op, task.id, f"returned {op.wall_start - expires_at:.3f} s after it expired")
        self._update(task.id, Floor(version))

    def _check_missing(self, op: Operation, id_: str, version: int | None, floor: Floor) -> None:
        state = self._state(id_)
        if version is not None:
            known = state.record.versions.get(version)
            if version < floor.version or (version == floor.version and not floor.deleted) or known is not None:
                text = f"deleted at version {version}, after version {floor.version} was returned; {known}"
                self._report("I1", op, id_, text)
            self._update(id_, Floor(version, True))
        elif floor.version and not floor.deleted and not state.may_have_expired(floor, op.wall_end):
            deleted_version = state.deleted_after(floor)
            if deleted_version is None:
                self._report("I1", op, id_, f"missing after version {floor.version}, but no write deleted it")
            else:
                self._update(id_, Floor(deleted_version, True))

    def _check_whole_view(self, op: Operation, known: _AtInvocation) -> None:
        """Check that each task that is not in the result has been deleted, has expired or has left the view."""
        returned = {task.id for task in op.completion.tasks} | op.completion.missing.keys()
        for id_, floor in known.floors.items():
            if id_ in returned or not floor.version:
                continue
            if op.kind == "rows":
                self._report("lost", op, id_, f"no row, although version {floor.version} existed")
            elif _must_contain(op, self._state(id_), floor):
                self._check_missing(op, id_, None, floor)

    def _check_start(self, op: Operation, known: _AtInvocation) -> None:
        """Check that a first page has each task that comes before its last one.

        If a write may have moved such a task, the page has shown this write: no later read may return an older version.
        """
        view, order, tasks = op.invocation.view, op.invocation.order, op.completion.tasks
        returned = {task.id for task in tasks}
        for id_, floor in known.floors.items():
            state = self._state(id_)
            task = None if floor.deleted or id_ in returned else state.observation(floor)
            if (
                task is None
                or not task.values.issuperset(view)
                or not tasks
                or not comes_before(task, tasks[-1], order)
            ):
                continue
            if state.may_have_expired(floor, op.wall_end) or state.deleted_after(floor) is not None:
                continue
            if state.may_have_left((*view, sorting_value(task, order)), floor):
                self._update(id_, Floor(floor.version + 1))
            else:
                text = f"missing before {tasks[-1].id} after version {floor.version}, but no write moved it"
                self._report("I1", op, id_, text)

    def _check_page(self, op: Operation, known: _AtInvocation) -> None:
        view, total = op.invocation.view, op.completion.total
        by_expiry = op.invocation.order == "EXPIRING_SOON"
        # In most orders a changed task moves, so a walk may meet it twice, in different versions.
        may_move = op.kind == "walk" and op.invocation.order not in BY_CREATION
        counts = Counter((task.id, may_move and task.version) for task in op.completion.tasks)
        for (id_, _), count in counts.items():
            if count > 1:
                self._report("I1", op, id_, f"returned {count} times")
        for task in op.completion.tasks:
            if not task.values.issuperset(view):
                text = f"a {' '.join(sorted(task.values))} task in a page of {' '.join(view)} tasks"
                self._report("I1", op, task.id, text)
        least = known.certain - (self._ceased[view] - known.ceased)
        if total is not None and total < least and not by_expiry:
            self._report("I1", op, "", f"a total of {total}, although {least} tasks existed throughout")

    def _update(self, id_: str, change: WriteEffect | Floor) -> None:
        """Raise a task's floor, or note an invoked write; and adjust the numbers of tasks certainly in each view."""
        state = self._state(id_)
        before = state.certain_views()
        if isinstance(change, Floor):
            state.raise_floor(change)
            (self._existing.discard if state.floor.deleted else self._existing.add)(id_)
        else:
            state.invoke(change)
        after = state.certain_views()
        self._certain.update(after - before)
        self._certain.subtract(before - after)
        self._ceased.update(before - after)

    def _state(self, id_: str) -> TaskState:
        if id_ not in self._states:
            self._states[id_] = TaskState(self._ledger.records[id_])
        return self._states[id_]

    def _report(self, rule: str, op: Operation, id_: str, text: str) -> None:
        self._violations.append(Violation(rule, text, id_, op))


def _shows_moves(op: Operation) -> bool:
    """Return whether a page shows when a task has moved away from its start."""
    return op.invocation.from_start and is_declared(op.invocation.order)


def _must_contain(op: Operation, state: TaskState, floor: Floor) -> bool:
    """Return whether a page invoked at this floor must contain the task, unless a write deletes it or it expires."""
    invocation, known = op.invocation, state.observation(floor)
    if known is None:
        return not invocation.view and not invocation.prefixes and invocation.order != "EXPIRING_SOON"
    if not known.values.issuperset(invocation.view):
        return False
    # A walk may miss a task that moves from a later page to an earlier one.
    moves = op.kind == "walk" and is_declared(invocation.order)
    if state.may_have_left((*invocation.view, *([sorting_value(known, invocation.order)] if moves else [])), floor):
        return False
    if invocation.order == "EXPIRING_SOON":
        return known.expires_at is not None and not state.expiry_may_have_changed(known)
    words = known.title.split()
    matches = all(any(word.startswith(prefix) for word in words) for prefix in invocation.prefixes)
    return not invocation.prefixes or (matches and state.last_possible <= floor.version)
