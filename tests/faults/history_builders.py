"""Builders of tiny histories, for the tests of the checker."""

from typing import Any

from tests.faults.checker import check
from tests.faults.history import Completion, History, Invocation, Kind, ObservedTask, Operation, Outcome
from tests.faults.views import ALL_TASKS, View

ID = "a"


def operation(kind: Kind, start: float, end: float, invocation: Invocation, completion: Completion) -> Operation:
    return Operation("client", kind, invocation, completion, start, end, wall_start=start)


def observed(version: int, id_: str = ID, **fields: Any) -> ObservedTask:
    return ObservedTask(id_, version, **fields)


def create(start: float, end: float, id_: str = ID, version: int = 1, **fields: Any) -> Operation:
    return operation("create", start, end, Invocation((id_,)), Completion(tasks=(observed(version, id_, **fields),)))


def update(start: float, end: float, version: int, id_: str = ID, **fields: Any) -> Operation:
    return operation("update", start, end, Invocation((id_,)), Completion(tasks=(observed(version, id_, **fields),)))


def delete(start: float, end: float, version: int | None) -> Operation:
    invocation = Invocation((ID,), expected_version=None if version is None else version - 1)
    return operation("delete", start, end, invocation, Completion(missing={ID: version}))


def restore(start: float, end: float, version: int) -> Operation:
    return operation("restore", start, end, Invocation((ID,)), Completion(tasks=(observed(version),)))


def unknown(kind: Kind, start: float, end: float, **arguments: Any) -> Operation:
    """Return a write with an unknown outcome."""
    return operation(kind, start, end, Invocation((ID,), **arguments), Completion(Outcome.UNKNOWN))


def not_found(kind: Kind, start: float, end: float) -> Operation:
    completion = Completion(Outcome.REJECTED, "NOT_FOUND", missing={ID: None})
    return operation(kind, start, end, Invocation((ID,)), completion)


def read(start: float, end: float, version: int | None, **fields: Any) -> Operation:
    """Return a read by id; without a version the task is missing."""
    missing = Completion(missing={ID: None})
    completion = missing if version is None else Completion(tasks=(observed(version, **fields),))
    return operation("task", start, end, Invocation((ID,)), completion)


def page(start: float, end: float, *tasks: ObservedTask, view: View = ALL_TASKS, total: int | None = None) -> Operation:
    """Return a page that holds the whole view."""
    completion = Completion(tasks=tasks, total=total)
    return operation("page", start, end, Invocation(view=view, whole_view=True), completion)


def rows(time: float, *tasks: ObservedTask, **deleted: int) -> Operation:
    """Return the rows at the end of a run; `deleted` has the version of each deleted task."""
    completion = Completion(tasks=tasks, missing=dict(deleted))
    return operation("rows", time, time, Invocation(whole_view=True), completion)


def violations(*operations: Operation) -> list[str]:
    history = History()
    history.operations = list(operations)
    return [f"{violation.rule} {violation.text}" for violation in check(history)]


def assert_valid(*operations: Operation) -> None:
    assert violations(*operations) == []


def assert_violation(text: str, *operations: Operation) -> None:
    """Assert that the first violation contains the text."""
    found = violations(*operations)
    assert found, f"no violation; expected: {text}"
    assert text in found[0]
