"""The conversion of cells and JSON values into the values of a task's fields."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

STATUSES = ("TODO", "IN_PROGRESS", "DONE")
PRIORITIES = ("NONE", "LOW", "MEDIUM", "HIGH", "URGENT")
_decode = msgspec.json.Decoder().decode


class WrongValue(Exception):
    """A value that does not fit its field. The message continues the name of the field."""


@dataclass(frozen=True)
class ValueRules:
    """How values are read. zone: the time zone of times without an offset. separator: between the labels of a cell."""

    zone: ZoneInfo | None = None
    separator: str = ","


def field_value(name: str, value: object, rules: ValueRules) -> Any:
    """Return the value of a field. Raises `WrongValue`."""
    return _CONVERSIONS[name](value, rules)


def _text(value: object, _rules: ValueRules) -> str:
    if not isinstance(value, str):
        raise WrongValue(f"must be text, not {_kind(value)}")
    return value


def _choice(names: tuple[str, ...]) -> Callable[[object, ValueRules], str]:
    def choice(value: object, rules: ValueRules) -> str:
        if value in names:
            return value
        name = "_".join(_text(value, rules).replace("-", " ").upper().split())
        if name not in names:
            raise WrongValue(f"must be {', '.join(names[:-1])} or {names[-1]}")
        return name

    return choice


def _time(value: object, rules: ValueRules) -> datetime:
    text = _text(value, rules).strip()
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise WrongValue("must be a time in ISO 8601, such as 2026-11-25T08:30:00Z") from None
    return time if time.tzinfo is not None else local_time(time, rules.zone)


def local_time(time: datetime, zone: ZoneInfo | None) -> datetime:
    """Return a time of the clocks in a zone. Raises `WrongValue` if they showed it twice or never."""
    if zone is None:
        raise WrongValue("has no UTC offset. Add one, such as Z or +02:00, or name the zone with --timezone")
    first, second = time.replace(tzinfo=zone, fold=0), time.replace(tzinfo=zone, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    assert before is not None
    assert after is not None
    if before > after:
        raise WrongValue(f"occurs twice in {zone.key}, when the clocks are set back. Add its UTC offset")
    if before < after:
        raise WrongValue(f"does not exist in {zone.key}, because the clocks are set forward. Correct it")
    return first


def _labels(value: object, rules: ValueRules) -> list[str]:
    if isinstance(value, str):
        if not value.lstrip().startswith("["):
            return [label.strip() for label in value.split(rules.separator) if label.strip()]
        value = _json(value)
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        raise WrongValue("must be a list of texts")
    return value


def _metadata(value: object, _rules: ValueRules) -> dict[str, Any]:
    if isinstance(value, str):
        value = _json(value)
    if not isinstance(value, dict):
        raise WrongValue(f"must be a JSON object, not {_kind(value)}")
    return value


def _json(text: str) -> object:
    try:
        return _decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise WrongValue(f"is not valid JSON: {error}") from None


def _kind(value: object) -> str:
    if value is None:
        return "null"
    kinds = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}
    return kinds.get(type(value), "another value")


_CONVERSIONS: Mapping[str, Callable[[object, ValueRules], Any]] = {
    **dict.fromkeys(("id", "externalId", "title", "description", "assignee", "listId", "list"), _text),
    **dict.fromkeys(("createdAt", "expiresAt", "dueAt"), _time),
    "status": _choice(STATUSES),
    "priority": _choice(PRIORITIES),
    "labels": _labels,
    "metadata": _metadata,
}
