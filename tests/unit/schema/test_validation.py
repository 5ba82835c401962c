"""Validation of the input of mutations."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from math import inf, nan
from typing import Any

import pytest
import strawberry
from msgspec import structs

from cache.writes.edits import Edit
from db.task import JsonText, NewTask, Task
from schema.ids import new_id
from schema.resolvers.field_checks import check_expiry, check_metadata
from schema.resolvers.mutation import completed, reopened
from schema.resolvers.validation import validate_create, validate_edit, validate_update
from schema.types.inputs import CreateTaskInput, DeleteTaskInput, UpdateTaskInput
from schema.types.json_object import JSONObject
from schema.types.payloads import UserError, UserErrorCode
from schema.types.task import TaskPriority, TaskStatus
from tests.support.task_inputs import INVALID_FIELDS, INVALID_IDS

TIME = datetime(2030, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC)
TASK = Task(new_id(), "A task", "", "TODO", "NONE", TIME, TIME, None, 1)
ID = strawberry.ID(str(TASK.id))
# The database rejects an expiry in the past, so the validation accepts it.
INVALID = [(fields, field, code) for fields, field, code, _ in INVALID_FIELDS if code != "IN_PAST"]


def with_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields under their Python names, with parsed times."""
    python_names = {"expiresAt": "expires_at", "dueAt": "due_at"}
    return {
        python_names.get(name, name): datetime.fromisoformat(value) if name in python_names else value
        for name, value in fields.items()
    }


def errors_of(result: object) -> list[tuple[list[str] | None, UserErrorCode]]:
    assert isinstance(result, list)
    return [(error.field, error.code) for error in result]


def edited(result: Edit | list[UserError]) -> Task:
    assert isinstance(result, Edit)
    return result.change(TASK)


def test_create_fills_in_defaults_and_an_id() -> None:
    new = validate_create(CreateTaskInput(title="A task"))
    assert isinstance(new, NewTask)
    assert new.id.version == 7
    assert new == NewTask(new.id, "A task", "", "TODO", "NONE", None)


def test_create_takes_every_field() -> None:
    given = CreateTaskInput(
        title="A task",
        id=ID,
        description="Words",
        status=TaskStatus.DONE,
        priority=TaskPriority.URGENT,
        expires_at=TIME,
        due_at=TIME,
        assignee="ann",
        labels=["b", "a", "b"],
        metadata=JSONObject({"b": 1.0, "a": None}),
        external_id="7",
    )
    optional = (TIME.replace(microsecond=678_000), TIME, "ann", ["b", "a"], JsonText('{"b":1.0,"a":null}'), "7")
    assert validate_create(given) == NewTask(TASK.id, "A task", "Words", "DONE", "URGENT", *optional)


@pytest.mark.parametrize(("fields", "field", "code"), INVALID, ids=ascii)
def test_invalid_field_is_reported(fields: dict[str, Any], field: str, code: str) -> None:
    expected = [([field], UserErrorCode[code])]
    assert errors_of(validate_create(replace(CreateTaskInput(title="A task"), **with_fields(fields)))) == expected
    assert errors_of(validate_update(replace(UpdateTaskInput(id=ID), **with_fields(fields)))) == expected


def test_unpaired_surrogate_is_reported() -> None:
    fields = {"title": "a\ud800", "description": "\udc00", "assignee": "\ud800", "labels": ["a", "\ud800"]}
    given = CreateTaskInput(**fields, metadata=JSONObject({"\ud800": 1}))  # type: ignore[arg-type]
    assert errors_of(validate_create(given)) == [
        ([name], UserErrorCode.INVALID_CHARACTER) for name in (*fields, "metadata")
    ]


@pytest.mark.parametrize("text", [text for text, _ in INVALID_IDS], ids=ascii)
def test_invalid_id_is_reported(text: str) -> None:
    expected = [(["id"], UserErrorCode.INVALID_ID)]
    assert errors_of(validate_create(CreateTaskInput(title="A task", id=strawberry.ID(text)))) == expected
    assert errors_of(validate_update(UpdateTaskInput(id=strawberry.ID(text)))) == expected
    assert errors_of(validate_edit(DeleteTaskInput(id=strawberry.ID(text)))) == expected


def test_all_errors_of_an_input_are_reported() -> None:
    given = UpdateTaskInput(id=strawberry.ID("7"), title=None, description=None, status=None, priority=None)
    assert errors_of(validate_update(given)) == [
        (["id"], UserErrorCode.INVALID_ID),
        (["title"], UserErrorCode.BLANK),
        (["description"], UserErrorCode.BLANK),
        (["status"], UserErrorCode.BLANK),
        (["priority"], UserErrorCode.BLANK),
    ]


def test_update_changes_only_the_given_fields() -> None:
    assert edited(validate_update(UpdateTaskInput(id=ID))) == TASK
    changed = edited(validate_update(UpdateTaskInput(id=ID, title="New", status=TaskStatus.DONE)))
    assert (changed.title, changed.status, changed.priority) == ("New", "DONE", "NONE")


@pytest.mark.parametrize(
    ("external_id", "code"),
    [("", "BLANK"), (" ", "BLANK"), ("x" * 201, "TOO_LONG"), ("a\0b", "INVALID_CHARACTER")],
    ids=ascii,
)
def test_invalid_external_id_is_reported(external_id: str, code: str) -> None:
    given = CreateTaskInput(title="A task", external_id=external_id)
    assert errors_of(validate_create(given)) == [(["externalId"], UserErrorCode[code])]


def test_null_removes_the_value_of_an_optional_field() -> None:
    task = structs.replace(TASK, expires_at=TIME, due_at=TIME, assignee="ann", labels=["a"], metadata=JsonText("{}"))
    edit = validate_update(
        UpdateTaskInput(id=ID, expires_at=None, due_at=None, assignee=None, labels=None, metadata=None)
    )
    assert isinstance(edit, Edit)
    assert edit.change(task) == TASK


@pytest.mark.parametrize("number", [inf, -inf, nan, 10**5000], ids=["inf", "-inf", "nan", "large"])
def test_number_that_json_cannot_express_is_reported(number: float) -> None:
    errors: list[UserError] = []
    assert check_metadata({"a": [number]}, errors) is None
    assert [error.code for error in errors] in ([UserErrorCode.OUT_OF_RANGE], [UserErrorCode.TOO_LONG])


def test_edit_keeps_the_expected_version() -> None:
    edit = validate_edit(DeleteTaskInput(id=ID, expected_version=3))
    assert isinstance(edit, Edit)
    assert (edit.id, edit.expected_version) == (TASK.id, 3)


def test_complete_and_reopen_change_the_status() -> None:
    done = edited(validate_edit(DeleteTaskInput(id=ID), completed))
    assert done.status == "DONE"
    assert reopened(done) == TASK
    assert reopened(TASK) is TASK


def test_expiry_is_converted_to_utc_and_truncated() -> None:
    expected = TIME.replace(microsecond=678_000)
    for given in (TIME, TIME.replace(tzinfo=None), TIME.astimezone(timezone(timedelta(hours=-11)))):
        assert check_expiry(given, []) == expected
    assert check_expiry(None, []) is None
