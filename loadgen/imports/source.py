"""The tasks of a file: records, converted and validated, or rejected."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from loadgen.imports.lists import ListNames
from loadgen.imports.records import Record, RecordReader
from loadgen.imports.rejects import Rejects
from loadgen.imports.task_input import check_list_name, refused_by_clock, task_input
from loadgen.imports.values import ValueRules, WrongValue, field_value


@dataclass(frozen=True)
class TaskRules:
    """How records become tasks. number_lines: a prefix; with it, the external id is the prefix and the line."""

    values: ValueRules
    number_lines: str | None = None
    checks_clock: bool = False


class TaskSource:
    """The valid tasks of a file. `taken` has the record of each task that was yielded, until `take` removes it."""

    def __init__(self, reader: RecordReader, rules: TaskRules, lists: ListNames, rejects: Rejects) -> None:
        self._reader = reader
        self._rules = rules
        self._lists = lists
        self._rejects = rejects
        self._records: deque[Record] = deque()
        self.has_external_ids = rules.number_lines is not None

    def tasks(self) -> Iterator[dict[str, Any]]:
        """Yield the input of a create for each valid record. Raises `UnreadableFile` and `WrongColumns`."""
        for record in self._reader.records():
            given = self._task(record)
            if isinstance(given, list):
                self._rejects.add(record, given)
            else:
                self._records.append(record)
                yield given

    def take(self, count: int) -> list[Record]:
        """Return the records of the next tasks, in order."""
        return [self._records.popleft() for _ in range(count)]

    def _task(self, record: Record) -> dict[str, Any] | list[tuple[str, str]]:
        if record.problem is not None:
            return [("", record.problem + ".")]
        values: dict[str, Any] = {}
        errors: list[tuple[str, str]] = []
        for name, value in record.values.items():
            try:
                values[name] = field_value(name, value, self._rules.values)
                if name == "list" and "listId" not in record.values:
                    check_list_name(values[name])
                    values["listId"] = self._lists.id_of(values[name])
            except WrongValue as error:
                errors.append((name, f"{name} {error}."))
        if errors:
            return errors
        values.pop("list", None)
        if self._rules.number_lines is not None:
            values["externalId"] = f"{self._rules.number_lines}{record.line}"
        elif "externalId" in values or "id" in values:
            self.has_external_ids = True
        given = task_input(values)
        if self._rules.checks_clock and isinstance(given, dict):
            return refused_by_clock(values) or given
        return given
