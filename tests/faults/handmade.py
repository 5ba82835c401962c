"""Tiny histories, written by hand, for the tests of the checker: each is good, or bad for one reason."""

from typing import Any

from tests.faults.checker import check
from tests.faults.history import Answer, Asked, History, Kind, Operation, Outcome, Seen

ID = "a"


def told(kind: Kind, start: float, end: float, asked: Asked, answer: Answer) -> Operation:
    return Operation("client", kind, asked, answer, start, end, wall=start)


def seen(version: int, id_: str = ID, **more: Any) -> Seen:
    return Seen(id_, version, **more)


def create(start: float, end: float, id_: str = ID, version: int = 1, **more: Any) -> Operation:
    return told("create", start, end, Asked((id_,)), Answer(seen=(seen(version, id_, **more),)))


def update(start: float, end: float, version: int, id_: str = ID, **more: Any) -> Operation:
    return told("update", start, end, Asked((id_,)), Answer(seen=(seen(version, id_, **more),)))


def delete(start: float, end: float, version: int | None) -> Operation:
    expected = None if version is None else version - 1
    return told("delete", start, end, Asked((ID,), expected=expected), Answer(gone={ID: version}))


def restore(start: float, end: float, version: int) -> Operation:
    return told("restore", start, end, Asked((ID,)), Answer(seen=(seen(version),)))


def unclear(kind: Kind, start: float, end: float, **asked: Any) -> Operation:
    return told(kind, start, end, Asked((ID,), **asked), Answer(Outcome.UNKNOWN))


def refused(kind: Kind, start: float, end: float) -> Operation:
    return told(kind, start, end, Asked((ID,)), Answer(Outcome.REFUSED, "NOT_FOUND", gone={ID: None}))


def read(start: float, end: float, version: int | None, **more: Any) -> Operation:
    answer = Answer(gone={ID: None}) if version is None else Answer(seen=(seen(version, **more),))
    return told("task", start, end, Asked((ID,)), answer)


def page(start: float, end: float, *tasks: Seen, view: str | None = None, total: int | None = None) -> Operation:
    answer = Answer(seen=tasks, total=total)
    return told("page", start, end, Asked(status=view, whole=True), answer)


def rows(at: float, *tasks: Seen, **gone: int) -> Operation:
    return told("rows", at, at, Asked(whole=True), Answer(seen=tasks, gone=dict(gone)))


def violations(*operations: Operation) -> list[str]:
    history = History()
    history.operations = list(operations)
    return [f"{found.rule} {found.text}" for found in check(history)]


def good(*operations: Operation) -> None:
    assert violations(*operations) == []


def bad(what: str, *operations: Operation) -> None:
    found = violations(*operations)
    assert found, f"nobody finds that {what}"
    assert what in found[0]
