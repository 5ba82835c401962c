"""Tests that the records of a task agree with the table of writable fields."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args, get_type_hints
from uuid import UUID

import pytest
from msgspec import Struct, structs

from db import task_table
from db.arrays import literal_array, text_array, time_array, tsvector_array, uuid_array
from db.row_factories import task_builder
from db.task import READ_ONLY_COLUMNS, TASK_FORMAT, WRITABLE_FIELDS, JsonText, NewTask, Task, record_format
from db.words import tsvector
from tests.support.task_factories import new_task

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TASK = Task(UUID(int=7), "Title", "Text", "DONE", "LOW", NOW, NOW, None, 3)
FIELDS = structs.asdict(TASK)
WRITABLE = [field.name for field in WRITABLE_FIELDS]


def test_every_column_is_a_field_of_task() -> None:
    assert sorted([*WRITABLE, *READ_ONLY_COLUMNS]) == sorted(Task.__struct_fields__)


def test_new_task_has_the_id_and_every_writable_field() -> None:
    assert NewTask.__struct_fields__ == ("id", *WRITABLE, "created_at")


def test_writable_fields_have_the_same_type_in_both_records() -> None:
    types, new_types = get_type_hints(Task), get_type_hints(NewTask)
    assert {name: types[name] for name in WRITABLE} == {name: new_types[name] for name in WRITABLE}


def test_enum_fields_are_the_fields_with_literal_types() -> None:
    types = get_type_hints(Task)
    literals = [name for name in WRITABLE if {type(value) for value in get_args(types[name])} == {str}]
    assert [field.name for field in WRITABLE_FIELDS if field.is_enum] == literals


@pytest.mark.parametrize("name", WRITABLE)
def test_every_writable_field_is_in_the_bulk_statements(name: str) -> None:
    assert f"{name} = incoming.{name}" in task_table.UPDATE_TASKS
    for statement in (task_table.INSERT_TASKS, task_table.UPDATE_TASKS):
        assert f"%(new_{name})s" in statement
    assert f"task.{name}" in task_table.UPDATE_TASKS.partition("RETURNING")[2]


def test_row_arrays_have_a_value_of_each_task() -> None:
    one = new_task("One", status="DONE", due_at=NOW, assignee="ann", labels=["a", "b"], metadata=JsonText("{}"))
    one = structs.replace(one, list_id=UUID(int=9))
    tasks = [one, new_task("Two", expires_at=NOW, external_id="2")]
    vectors = [tsvector(task.title, "") for task in tasks]
    arrays = task_table.row_arrays(tasks, vectors)
    assert list(arrays) == ["new_id", *(f"new_{name}" for name in WRITABLE), "new_words"]
    assert {name: array.data for name, array in arrays.items()} == {
        "new_id": uuid_array([task.id for task in tasks]).data,
        "new_title": text_array(["One", "Two"]).data,
        "new_description": text_array(["", ""]).data,
        "new_status": text_array(["DONE", "TODO"]).data,
        "new_priority": text_array(["NONE", "NONE"]).data,
        "new_expires_at": time_array([None, NOW]).data,
        "new_due_at": time_array([NOW, None]).data,
        "new_assignee": text_array(["ann", None]).data,
        "new_labels": literal_array([["a", "b"], []]).data,
        "new_metadata": text_array(["{}", None]).data,
        "new_external_id": text_array([None, "2"]).data,
        "new_list_id": uuid_array([UUID(int=9), None]).data,
        "new_words": tsvector_array(vectors).data,
    }


@pytest.mark.parametrize(
    "columns",
    [[*FIELDS], [*FIELDS, "more"], ["more", *FIELDS], [*reversed(FIELDS)]],
    ids=["same order", "columns after", "columns before", "reversed"],
)
def test_task_is_built_from_columns_in_any_order(columns: list[str]) -> None:
    build = task_builder(tuple(name.encode() for name in columns))
    assert build(tuple((FIELDS | {"more": "?"})[name] for name in columns)) == TASK


def test_missing_column_is_an_error() -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        task_builder((b"id", b"title"))


class Original(Struct):
    title: str
    version: int


class Reordered(Struct):
    version: int
    title: str


class Renamed(Struct):
    name: str
    version: int


class Retyped(Struct):
    title: str | None
    version: int


class Extended(Struct):
    title: str
    version: int
    assignee: str | None


def test_format_changes_with_the_fields_of_a_record() -> None:
    formats = [record_format(record) for record in (Original, Reordered, Renamed, Retyped, Extended)]
    assert len(set(formats)) == len(formats)


def test_format_is_the_same_in_every_process() -> None:
    command = [sys.executable, "-c", "from db.task import TASK_FORMAT; print(TASK_FORMAT)"]
    environment = os.environ | {"PYTHONHASHSEED": "1"}
    assert subprocess.check_output(command, cwd=ROOT, env=environment, text=True).strip() == TASK_FORMAT
