"""What a whole history says of the versions of a task: who made each, what it held, and what does not add up."""

from collections import defaultdict
from dataclasses import dataclass, field
from math import inf

from tests.faults.history import Operation, Outcome, Seen


@dataclass(frozen=True)
class Violation:
    """Something that must not be, and the operation that shows it."""

    rule: str
    text: str
    id: str = ""
    operation: Operation | None = None

    def __str__(self) -> str:
        return f"{self.rule} {self.id}: {self.text}" + (f"\n    {self.operation}" if self.operation else "")


@dataclass(frozen=True)
class Effect:
    """What a write does to one task, if it takes effect: `version` is infinite where it is not known."""

    id: str
    version: float
    deletes: bool
    # The view that the task is in afterwards; none where the write does not say.
    status: str | None = None
    expires_at: float | None = None


@dataclass
class Facts:
    """Of one task, from all operations at once."""

    content: dict[int, Seen] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    # When the write of a version began, for those whose writer was told.
    made: dict[int, float] = field(default_factory=dict)
    claimed: set[int] = field(default_factory=set)
    # Versions that a restore has answered: its own, or, if the task was there, another's.
    restored: set[int] = field(default_factory=set)
    unknown: int = 0
    # Every update writes a title of its own, which tells what it made even where nobody acknowledged it.
    titles: dict[str, int] = field(default_factory=dict)
    asked: bool = False
    # The version of its row in the end.
    last: int = 0
    # When its first create began, and when somebody had first seen it.
    begun: float = inf
    known: float = inf

    def missing(self, last: int) -> list[int]:
        """The versions up to this one that nobody is known to have made. A restore makes one that follows a delete."""
        after = {version for version in self.restored if version - 1 in self.deleted or self.unknown}
        return [version for version in range(2, last + 1) if version not in self.claimed | after]


class Ledger:
    """The facts of all tasks, and the contradictions among them."""

    def __init__(self, operations: list[Operation]) -> None:
        self.tasks: defaultdict[str, Facts] = defaultdict(Facts)
        self.violations: list[Violation] = []
        for operation in operations:
            for task in operation.answer.seen:
                self._content(operation, task)
            if operation.may_have_happened:
                self._write(operation)
            if operation.kind == "rows":
                for id_, version in _versions(operation).items():
                    self.tasks[id_].last = version
        self._check_answers(operations)
        self._check_refused(operations)
        self._check_batches(operations)

    def effects(self, operation: Operation) -> list[Effect]:
        """What a write may have done. Empty if it is known that it did nothing."""
        if not operation.may_have_happened or operation.kind == "restore":
            return []
        asked = operation.asked
        if operation.answer.outcome is Outcome.DONE and operation.kind != "delete":
            never = inf if asked.expires_at == inf else None
            return [
                Effect(task.id, task.version, False, task.status, task.expires_at or never)
                for task in operation.answer.seen
            ]
        if operation.kind in ("create", "create_many"):
            return [Effect(id_, 1, False, asked.status, asked.expires_at) for id_ in asked.ids]
        [id_] = asked.ids
        version = inf if asked.expected is None else asked.expected + 1
        if asked.title is not None:
            version = self.tasks[id_].titles.get(asked.title, version)
        facts = self.tasks[id_]
        if version == inf and facts.last and not facts.missing(facts.last):
            return []  # each version has its writer, and this is none of them
        # Somebody else made this version, so this write did not.
        other = self.tasks[id_].content.get(int(version)) if version != inf else None
        if other is not None and (operation.kind == "delete" or not _made_by(operation, other)):
            return []
        return [Effect(id_, version, operation.kind == "delete", asked.status, asked.expires_at)]

    def check_rows(self, rows: Operation) -> None:
        """The rows at the end: nothing that nobody asked for, and each version made by somebody."""
        for id_, version in _versions(rows).items():
            facts = self.tasks[id_]
            if not facts.asked:
                self._add("lost", id_, "a row that nobody asked for", rows)
            missing = facts.missing(version)
            if len(missing) > facts.unknown:
                self._add("lost", id_, f"versions that nobody can have made: {missing}", rows)

    def _check_answers(self, operations: list[Operation]) -> None:
        """An update was answered with what it had asked for, and not another; and nobody met a masked error."""
        for op in operations:
            if op.answer.code == "INTERNAL_SERVER_ERROR":
                self._add("error", "", "nobody may meet this error", op)
            if op.kind == "update" and op.answer.outcome is Outcome.DONE:
                [task] = op.answer.seen
                wanted = (op.asked.title or task.title, op.asked.status or task.status)
                if (task.title, task.status) != wanted:
                    self._add("lost", task.id, f"an update to {wanted} was answered with another", op)

    def _check_refused(self, operations: list[Operation]) -> None:
        """Nothing of a write that was refused, or of which it was said that it changed nothing, is ever seen."""
        for op in operations:
            if op.kind == "update" and not op.may_have_happened:
                for id_ in op.asked.ids:
                    if op.asked.title in self.tasks[id_].titles:
                        self._add("lost", id_, f"{op.asked.title!r} was not written, and is seen", op)

    def _check_batches(self, operations: list[Operation]) -> None:
        """Of a write that was to be done all or none, no part was done without the others."""
        batches: defaultdict[str, list[Operation]] = defaultdict(list)
        for operation in operations:
            if operation.asked.batch:
                batches[operation.asked.batch].append(operation)
        for batch in batches.values():
            done = {op.asked.ids[0]: self._done(op) for op in batch}
            if {True, False} <= set(done.values()):
                self._add("lost", "", f"half of {batch[0].asked.batch!r} was done: {done}", batch[0])

    def _done(self, op: Operation) -> bool | None:
        """Whether an update of one version has been done, by what was seen of its version; none if nobody saw it."""
        assert op.asked.expected is not None
        seen = self.tasks[op.asked.ids[0]].content.get(op.asked.expected + 1)
        return None if seen is None else seen.title == op.asked.title

    def _content(self, operation: Operation, task: Seen) -> None:
        facts = self.tasks[task.id]
        facts.known = min(facts.known, operation.end)
        facts.titles[task.title] = min(task.version, facts.titles.get(task.title, task.version))
        known = facts.content.setdefault(task.version, task)
        if known != task:
            self._add("I1", task.id, f"version {task.version} is {known} and {task}", operation)

    def _write(self, operation: Operation) -> None:
        for id_ in operation.asked.ids:
            self.tasks[id_].asked = True
        if operation.kind in ("create", "create_many"):
            for id_ in operation.asked.ids:
                self._made(id_, 1, operation)
                self.tasks[id_].begun = min(operation.start, self.tasks[id_].begun)
            return
        [id_] = operation.asked.ids
        facts = self.tasks[id_]
        version = operation.answer.gone.get(id_)
        if operation.kind != "delete" and operation.answer.seen:
            version = operation.answer.seen[0].version
        if operation.answer.outcome is Outcome.UNKNOWN or version is None:
            facts.unknown += 1
            return
        if operation.kind in ("complete", "reopen") and version == operation.asked.expected:
            return  # it was so already
        # A restore of a task that is not deleted changes nothing, and answers the version of another write.
        if operation.kind == "restore":
            facts.restored.add(version)
            return
        if version in facts.claimed and version in facts.made:
            self._add("lost", id_, f"two acknowledged writes made version {version}", operation)
        self._made(id_, version, operation)
        if operation.kind == "delete":
            facts.deleted.add(version)

    def _made(self, id_: str, version: int, operation: Operation) -> None:
        facts = self.tasks[id_]
        facts.claimed.add(version)
        facts.made[version] = min(operation.start, facts.made.get(version, inf))

    def _add(self, rule: str, id_: str, text: str, operation: Operation) -> None:
        self.violations.append(Violation(rule, text, id_, operation))


def _versions(rows: Operation) -> dict[str, int]:
    """The last version of each task."""
    gone = {id_: version for id_, version in rows.answer.gone.items() if version is not None}
    return {task.id: task.version for task in rows.answer.seen} | gone


def _made_by(operation: Operation, seen: Seen) -> bool:
    """Whether a write, if it took effect, may have made what was seen."""
    asked = operation.asked
    return seen.title == asked.title if asked.title is not None else asked.status in (None, seen.status)
