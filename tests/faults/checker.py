"""Whether a history is one that the service may produce: one pass over its operations, sorted by time.

Versions count up one write at a time, so a history needs no search: when an operation begins, everything that has been
acknowledged or returned is a floor for what it may see; when it ends, what it saw raises the floor.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from tests.faults.facts import Effect, Ledger, Violation
from tests.faults.history import PAGES, History, Operation, Outcome, Seen
from tests.faults.knowledge import STATUSES, TOLERANCE, Floor, Task

VIEWS = (None, *STATUSES)


@dataclass
class _Begun:
    """What was known when an operation began."""

    floors: dict[str, Floor]
    standing: int = 0
    fallen: int = 0


def check(history: History) -> list[Violation]:
    """Everything in the history that must not be, in the order in which it shows."""
    return _Sweep(history.operations).run()


class _Sweep:
    def __init__(self, operations: list[Operation]) -> None:
        self._operations = operations
        self._ledger = Ledger(operations)
        self._tasks: dict[str, Task] = {}
        # Ids that were there when last heard of. Without it a long history would pay for all that have long been gone.
        self._there: set[str] = set()
        self._begun: dict[int, _Begun] = {}
        # Of each view: how many tasks stand in it for certain, and how often one ceased to, so far.
        self._standing: Counter[str | None] = Counter()
        self._fallen: Counter[str | None] = Counter()
        self._violations = self._ledger.violations

    def run(self) -> list[Violation]:
        """Beginnings before ends at the same moment: then the two overlap, and nothing is claimed of their order."""
        events = [(op.start, 0, number) for number, op in enumerate(self._operations)]
        events += [(op.end, 1, number) for number, op in enumerate(self._operations)]
        for _, ends, number in sorted(events):
            operation = self._operations[number]
            if ends:
                self._end(operation, self._begun.pop(number))
            else:
                self._begun[number] = self._begin(operation)
        return self._violations

    def _begin(self, op: Operation) -> _Begun:
        view = op.asked.status
        if op.kind == "rows":
            floors = {id_: task.floor for id_, task in self._tasks.items()}
        elif op.asked.whole:
            self._there -= {id_ for id_ in self._there if self._tasks[id_].had_expired(op.wall)}
            floors = {id_: self._tasks[id_].floor for id_ in self._there}
        else:
            floors = {}
        ids = {*op.asked.ids, *op.answer.gone, *(task.id for task in op.answer.seen)}
        floors |= {id_: self._task(id_).floor for id_ in ids}
        begun = _Begun(floors, self._standing[view], self._fallen[view])
        for effect in self._ledger.effects(op):
            self._change(effect.id, effect)
        return begun

    def _end(self, op: Operation, begun: _Begun) -> None:
        if op.answer.outcome not in (Outcome.DONE, Outcome.REFUSED):
            return
        for task in op.answer.seen:
            self._seen(op, task, begun.floors.get(task.id, Floor()))
        for id_, version in op.answer.gone.items():
            self._gone(op, id_, version, begun.floors.get(id_, Floor()))
        if op.asked.whole:
            self._whole(op, begun)
        if op.kind in PAGES:
            self._page(op, begun)
            self._violations += disorder(op, self._ledger)
        if op.kind == "rows":
            self._ledger.check_rows(op)

    def _seen(self, op: Operation, seen: Seen, floor: Floor) -> None:
        facts = self._ledger.tasks[seen.id]
        if floor.gone and seen.version <= floor.version:
            self._add("I1", op, seen.id, f"version {seen.version} is shown after it was deleted, at {floor.version}")
        elif seen.version < floor.version:
            self._add("I1", op, seen.id, f"version {seen.version} is shown after {floor.version} was")
        elif op.kind == "update" and seen.version <= floor.version:
            self._add("I1", op, seen.id, f"an update made version {seen.version}, which was there already")
        if seen.version in facts.deleted:
            self._add("I1", op, seen.id, f"version {seen.version} is shown, and is a delete")
        if facts.made.get(seen.version, op.end) > op.end:
            self._add("I1", op, seen.id, f"version {seen.version} is shown before its writer began")
        ends = seen.expires_at
        if op.kind != "rows" and ends is not None and ends + TOLERANCE < op.wall:
            self._add("I5", op, seen.id, f"shown {op.wall - ends:.3f} s after it expired")
        self._change(seen.id, Floor(seen.version))

    def _gone(self, op: Operation, id_: str, version: int | None, floor: Floor) -> None:
        task = self._task(id_)
        if version is not None:
            known = task.facts.content.get(version)
            if version < floor.version or (version == floor.version and not floor.gone) or known is not None:
                self._add("I1", op, id_, f"deleted at version {version}, after {floor.version} was shown; {known}")
            self._change(id_, Floor(version, True))
        elif floor.version and not floor.gone and not task.may_have_expired(floor, op.wall_end):
            deleted = task.deleted_after(floor)
            if deleted is None:
                self._add("I1", op, id_, f"not there, though version {floor.version} was, and nobody has deleted it")
            else:
                self._change(id_, Floor(deleted, True))

    def _whole(self, op: Operation, begun: _Begun) -> None:
        """All of a view was read: what is not there is gone, or is in another view."""
        shown = {task.id for task in op.answer.seen} | op.answer.gone.keys()
        for id_, floor in begun.floors.items():
            if id_ in shown or not floor.version:
                continue
            if op.kind == "rows":
                self._add("lost", op, id_, f"there is no row, though version {floor.version} was there")
            elif _belongs(op, self._task(id_), floor):
                self._gone(op, id_, None, floor)

    def _page(self, op: Operation, begun: _Begun) -> None:
        view, total = op.asked.status, op.answer.total
        # By expiry a task moves when it is changed, so that a walk may meet it again, as what it is then.
        moves = op.asked.order == "EXPIRING_SOON"
        for (id_, _), count in Counter((task.id, moves and task.version) for task in op.answer.seen).items():
            if count > 1:
                self._add("I1", op, id_, f"shown {count} times")
        for task in op.answer.seen:
            if view not in (None, task.status):
                self._add("I1", op, task.id, f"{task.status} among the tasks that are {view}")
        least = begun.standing - (self._fallen[view] - begun.fallen)
        if total is not None and total < least and op.asked.order != "EXPIRING_SOON":
            self._add("I1", op, "", f"a total of {total}, while {least} tasks were there throughout")

    def _change(self, id_: str, change: Effect | Floor) -> None:
        """Somebody was told something of a task, or begins to write it; and the count of those that stand follows."""
        task = self._task(id_)
        before = [task.stands_in(view) for view in VIEWS]
        if isinstance(change, Floor):
            task.reach(change)
            (self._there.discard if task.floor.gone else self._there.add)(id_)
        else:
            task.begin(change)
        for view, stood in zip(VIEWS, before, strict=True):
            stands = task.stands_in(view)
            self._standing[view] += stands - stood
            self._fallen[view] += stood and not stands

    def _task(self, id_: str) -> Task:
        if id_ not in self._tasks:
            self._tasks[id_] = Task(self._ledger.tasks[id_])
        return self._tasks[id_]

    def _add(self, rule: str, op: Operation, id_: str, text: str) -> None:
        self._violations.append(Violation(rule, text, id_, op))


def _belongs(op: Operation, task: Task, floor: Floor) -> bool:
    """Whether a task that was that far when a page was asked for must be on it, unless it is gone by then."""
    asked, known = op.asked, task.at(floor)
    if known is None:
        return asked.status is None and not asked.words and asked.order != "EXPIRING_SOON"
    if asked.status is not None and (known.status != asked.status or task.may_have_left(asked.status, floor)):
        return False
    if asked.order == "EXPIRING_SOON":
        return known.expires_at is not None and not task.may_have_moved(known)
    has = all(any(word.startswith(begins) for word in known.title.split()) for begins in asked.words)
    return not asked.words or (has and task.touched <= floor.version)


def disorder(op: Operation, ledger: Ledger) -> list[Violation]:
    """What a page shows in the wrong order. A filter by expiry goes by what the rows were when it looked."""
    shown, wrong = op.answer.seen, []
    if op.asked.order == "EXPIRING_SOON":
        for one, next_ in pairwise(shown) if op.kind != "filter" else ():
            if (one.expires_at or inf, one.id) > (next_.expires_at or inf, next_.id):
                wrong.append(Violation("order", f"{one.id} ends later and comes first", next_.id, op))
        return wrong + [Violation("order", "it never ends", task.id, op) for task in shown if task.expires_at is None]
    # Of the newer ones that have come so far, the one that is known for longest.
    known, forth = inf, shown if op.asked.order == "NEWEST" else shown[::-1]
    for task in forth:
        if ledger.tasks[task.id].begun > known and ledger.tasks[task.id].begun != inf:
            wrong.append(Violation("order", "it was made after one that comes before it", task.id, op))
        known = min(known, ledger.tasks[task.id].known)
    return wrong
