"""The ledger of a whole history: which write made each version of a task, and the contradictions among operations."""

from collections import defaultdict
from dataclasses import dataclass, field
from math import inf

from tests.faults.history import ObservedTask, Operation, Outcome
from tests.faults.views import other_values


@dataclass(frozen=True)
class Violation:
    """A violated rule: an invariant (I1 to I5), or `lost`, `order` or `error`; with the operation that shows it."""

    rule: str
    text: str
    id: str = ""
    operation: Operation | None = None

    def __str__(self) -> str:
        return f"{self.rule} {self.id}: {self.text}" + (f"\n    {self.operation}" if self.operation else "")


@dataclass(frozen=True)
class WriteEffect:
    """What a write does to one task if it takes effect. `version` is infinite if unknown."""

    id: str
    version: float
    deletes: bool
    # The values that the task does not have afterwards.
    excluded: frozenset[str] = frozenset()
    expires_at: float | None = None


@dataclass
class TaskRecord:
    """The facts about one task that the operations of a history reveal together."""

    versions: dict[int, ObservedTask] = field(default_factory=dict)
    deleted_versions: set[int] = field(default_factory=set)
    # When the write of a version was invoked; only of acknowledged writes.
    write_start: dict[int, float] = field(default_factory=dict)
    claimed_versions: set[int] = field(default_factory=set)
    # Versions that a restore returned: its own, or another write's if the task was not deleted.
    restored_versions: set[int] = field(default_factory=set)
    unknown_writes: int = 0
    # Titles are unique, so they tell which version an unacknowledged update made.
    version_by_title: dict[str, int] = field(default_factory=dict)
    # Whether an operation has requested to create or change this id.
    requested: bool = False
    # The version of the row at the end of the run.
    final_version: int = 0
    create_start: float = inf
    first_observed: float = inf

    def unexplained_versions(self, last: int) -> list[int]:
        """Return the versions up to `last` that no known write made. A restore explains one that follows a delete."""
        restores = {
            version for version in self.restored_versions if version - 1 in self.deleted_versions or self.unknown_writes
        }
        return [version for version in range(2, last + 1) if version not in self.claimed_versions | restores]


class Ledger:
    """The records of all tasks, and the violations that show without regard to the order of operations."""

    def __init__(self, operations: list[Operation]) -> None:
        self.records: defaultdict[str, TaskRecord] = defaultdict(TaskRecord)
        self.violations: list[Violation] = []
        for operation in operations:
            for task in operation.completion.tasks:
                self._add_observation(operation, task)
            if operation.may_have_taken_effect:
                self._add_write(operation)
            if operation.kind == "rows":
                for id_, version in _row_versions(operation).items():
                    self.records[id_].final_version = version
        self._check_completions(operations)
        self._check_rejected(operations)
        self._check_batches(operations)

    def effects(self, operation: Operation) -> list[WriteEffect]:
        """Return the effects that a write may have had. Empty if it certainly had none."""
        if not operation.may_have_taken_effect or operation.kind == "restore":
            return []
        invocation = operation.invocation
        if operation.completion.outcome is Outcome.OK and operation.kind != "delete":
            removed_expiry = inf if invocation.expires_at == inf else None
            return [
                WriteEffect(task.id, task.version, False, other_values(task.values), task.expires_at or removed_expiry)
                for task in operation.completion.tasks
            ]
        excluded = invocation.values.excluded()
        if operation.kind in ("create", "create_many"):
            return [WriteEffect(id_, 1, False, excluded, invocation.expires_at) for id_ in invocation.ids]
        [id_] = invocation.ids
        record = self.records[id_]
        version = inf if invocation.expected_version is None else invocation.expected_version + 1
        if invocation.title is not None:
            version = record.version_by_title.get(invocation.title, version)
        if version == inf and record.final_version and not record.unexplained_versions(record.final_version):
            return []  # Other writes made all versions.
        observed = record.versions.get(int(version)) if version != inf else None
        if observed is not None and (operation.kind == "delete" or not _may_have_made(operation, observed)):
            return []  # Another write made this version.
        return [WriteEffect(id_, version, operation.kind == "delete", excluded, invocation.expires_at)]

    def check_rows(self, rows: Operation) -> None:
        """Check the rows at the end of the run: an operation created each, and a write made each version."""
        for id_, version in _row_versions(rows).items():
            record = self.records[id_]
            if not record.requested:
                self._report("lost", id_, "a row that no operation has created", rows)
            unexplained = record.unexplained_versions(version)
            if len(unexplained) > record.unknown_writes:
                self._report("lost", id_, f"versions that no write can have made: {unexplained}", rows)

    def _check_completions(self, operations: list[Operation]) -> None:
        """Check that every update returned what it set, and that no client got an internal error."""
        for op in operations:
            if op.completion.code == "INTERNAL_SERVER_ERROR":
                self._report("error", "", "an internal error reached a client", op)
            if op.kind == "update" and op.completion.outcome is Outcome.OK:
                [task] = op.completion.tasks
                title, values = op.invocation.title, op.invocation.values
                is_set = values.required() <= task.values and not values.excluded() & task.values
                if title not in (None, task.title) or not is_set:
                    self._report("lost", task.id, f"an update to {title} {values} returned something else", op)

    def _check_rejected(self, operations: list[Operation]) -> None:
        """Check that the effect of an update that was rejected, or unavailable, is never observed."""
        for op in operations:
            if op.kind == "update" and not op.may_have_taken_effect:
                for id_ in op.invocation.ids:
                    if op.invocation.title in self.records[id_].version_by_title:
                        self._report("lost", id_, f"{op.invocation.title!r} was not written, but was observed", op)

    def _check_batches(self, operations: list[Operation]) -> None:
        """Check that no atomic batch took effect in part."""
        batches: defaultdict[str, list[Operation]] = defaultdict(list)
        for operation in operations:
            if operation.invocation.batch:
                batches[operation.invocation.batch].append(operation)
        for name, batch in batches.items():
            effects = {op.invocation.ids[0]: self._took_effect(op) for op in batch}
            if {True, False} <= set(effects.values()):
                self._report("lost", "", f"the atomic batch {name!r} took effect in part: {effects}", batch[0])

    def _took_effect(self, op: Operation) -> bool | None:
        """Return whether a conditional update took effect. None if its version was never observed."""
        assert op.invocation.expected_version is not None
        observed = self.records[op.invocation.ids[0]].versions.get(op.invocation.expected_version + 1)
        return None if observed is None else observed.title == op.invocation.title

    def _add_observation(self, operation: Operation, task: ObservedTask) -> None:
        record = self.records[task.id]
        record.first_observed = min(record.first_observed, operation.end)
        record.version_by_title[task.title] = min(task.version, record.version_by_title.get(task.title, task.version))
        known = record.versions.setdefault(task.version, task)
        if known != task:
            self._report("I1", task.id, f"version {task.version} is both {known} and {task}", operation)

    def _add_write(self, operation: Operation) -> None:
        for id_ in operation.invocation.ids:
            self.records[id_].requested = True
        if operation.kind in ("create", "create_many"):
            for id_ in operation.invocation.ids:
                self._claim(id_, 1, operation)
                self.records[id_].create_start = min(operation.start, self.records[id_].create_start)
            return
        [id_] = operation.invocation.ids
        record = self.records[id_]
        version = operation.completion.missing.get(id_)
        if operation.kind != "delete" and operation.completion.tasks:
            version = operation.completion.tasks[0].version
        if operation.completion.outcome is Outcome.UNKNOWN or version is None:
            record.unknown_writes += 1
            return
        if operation.kind in ("complete", "reopen") and version == operation.invocation.expected_version:
            return  # The task had this status already.
        if operation.kind == "restore":
            # A restore of a task that is not deleted changes nothing, and returns the version of another write.
            record.restored_versions.add(version)
            return
        if version in record.claimed_versions and version in record.write_start:
            self._report("lost", id_, f"two acknowledged writes made version {version}", operation)
        self._claim(id_, version, operation)
        if operation.kind == "delete":
            record.deleted_versions.add(version)

    def _claim(self, id_: str, version: int, operation: Operation) -> None:
        record = self.records[id_]
        record.claimed_versions.add(version)
        record.write_start[version] = min(operation.start, record.write_start.get(version, inf))

    def _report(self, rule: str, id_: str, text: str, operation: Operation) -> None:
        self.violations.append(Violation(rule, text, id_, operation))


def _row_versions(rows: Operation) -> dict[str, int]:
    deleted = {id_: version for id_, version in rows.completion.missing.items() if version is not None}
    return {task.id: task.version for task in rows.completion.tasks} | deleted


def _may_have_made(operation: Operation, observed: ObservedTask) -> bool:
    """Return whether the write, if it took effect, may have made this version."""
    invocation = operation.invocation
    if invocation.title is not None:
        return observed.title == invocation.title
    return invocation.values.status in (None, observed.status)
