"""The value of an entry: formats, header and JSON."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from graphql import get_named_type
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from cache.redis.encoded_task import (
    FORMAT,
    VALUE_PREFIX,
    EncodedTask,
    decode,
    decode_many,
    default_json,
    earliest_expiry_ms,
    encode,
    encode_many,
    positions,
    scores_of,
    statuses_of,
)
from cache.redis.position import BY_CREATION, POSITION_BYTES, pack_position, unpack_position
from cache.redis.times import UNIX_EPOCH, created_at_us, expires_at_ms, print_time
from db.task import TASK_FORMAT, Task
from schema.build import create_schema
from tests.support.task_strategies import rows
from tests.unit.cache.tasks import CREATED_AT_US, EXPIRES_AT, EXPIRES_AT_MS, make_task, task_id

TASK = make_task(1, description="Twice a week", status="DONE", priority="HIGH", expires_at=EXPIRES_AT, version=7)
VALUE = encode("default", TASK).value
FIELDS = create_schema()._schema.type_map["Task"].fields  # type: ignore[attr-defined]


def read(value: bytes | None, workspace: str = "default") -> EncodedTask | None:
    return decode(workspace, TASK.id.bytes, value)


def test_encoded_task_can_be_decoded() -> None:
    found = read(VALUE)
    assert found is not None
    assert found.task == TASK
    assert found == TASK
    assert (found.title, found.version) == (TASK.title, TASK.version)


def test_header_holds_position_expiry_and_status() -> None:
    found = read(VALUE)
    assert found is not None
    assert (found.id, found.id_bytes, found.status) == (TASK.id, TASK.id.bytes, "DONE")
    assert (found.created_at_us, found.expires_at_ms) == (CREATED_AT_US, EXPIRES_AT_MS)
    assert unpack_position(found.position) == (BY_CREATION, CREATED_AT_US, TASK.id.bytes)
    assert encode("default", make_task(1)).expires_at_ms is None


@given(rows(), st.sampled_from(["default", "", "é" * 100]))
def test_any_task_can_be_decoded(row: Task, workspace: str) -> None:
    found = decode(workspace, row.id.bytes, encode(workspace, row).value)
    assert found is not None
    assert found.task == row
    assert (found.id, found.id_bytes, found.status) == (row.id, row.id.bytes, row.status)
    assert found.created_at_us == created_at_us(row)
    assert found.expires_at_ms == (None if row.expires_at is None else expires_at_ms(row))
    assert unpack_position(found.position, workspace) == (BY_CREATION, created_at_us(row), row.id.bytes)


@given(rows())
def test_json_has_the_names_and_the_forms_of_the_schema(row: Task) -> None:
    printed = msgspec.json.decode(encode("default", row).json)
    assert list(printed) == [name for name in FIELDS if name in printed]
    defaults = {name: msgspec.json.decode(json) for name, json in default_json().items()}
    assert not [name for name, default in defaults.items() if printed.get(name, "left out") == default]
    for name, value in (defaults | printed).items():
        type_ = get_named_type(FIELDS[name].type)
        attribute = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
        given_value = getattr(row, attribute)
        if isinstance(given_value, list):
            assert value == [type_.serialize(each) for each in given_value]
        else:
            assert value == (None if given_value is None else type_.serialize(given_value))


def test_task_without_optional_fields_takes_no_memory_for_them() -> None:
    printed = msgspec.json.decode(encode("default", make_task(1)).json)
    assert [name for name in FIELDS if name not in (*printed, "list")] == list(default_json())
    assert {"dueAt", "assignee", "labels", "metadata"} <= default_json().keys()


def test_encoded_task_has_the_attributes_of_a_row() -> None:
    found: Any = read(VALUE)
    assert [getattr(found, name) for name in Task.__struct_fields__] == list(structs.astuple(TASK))
    with pytest.raises(AttributeError):
        _ = found.no_such_field


def test_look_for_a_special_method_does_not_decode() -> None:
    corrupted: Any = EncodedTask(encode("default", TASK).head, b"{}")
    assert not hasattr(corrupted, "__await__")
    with pytest.raises(msgspec.DecodeError):
        _ = corrupted.title


@given(st.lists(rows(), max_size=60))
def test_headers_of_many_tasks_are_those_of_each(page: list[Task]) -> None:
    tasks = [encode("default", row) for row in page]
    expiries = [task.expires_at_ms for task in tasks if task.expires_at_ms is not None]
    assert scores_of(tasks, "NEWEST") == scores_of(tasks, "OLDEST") == [task.created_at_us for task in tasks]
    assert scores_of(tasks, "EXPIRING_SOON") == [
        -1 if task.expires_at_ms is None else task.expires_at_ms for task in tasks
    ]
    assert statuses_of(tasks) == {row.status for row in page}
    assert earliest_expiry_ms(tasks) == min(expiries, default=None)
    assert positions(tasks) == [task.position for task in tasks]


@given(st.lists(rows(), max_size=5))
def test_tasks_that_are_encoded_together_are_those_of_each(page: list[Task]) -> None:
    together = encode_many("default", page)
    assert [task.value for task in together] == [encode("default", row).value for row in page]
    for task, row in zip(together, page, strict=True):
        printed = msgspec.json.decode(task.json)
        assert printed["createdAt"] == print_time(row.created_at)
        assert printed["expiresAt"] == (None if row.expires_at is None else print_time(row.expires_at))


def test_entries_of_a_page_are_decoded_in_their_order() -> None:
    tasks = [encode("default", make_task(number)) for number in range(3)]
    ids = [task.id_bytes for task in tasks]
    assert decode_many("default", ids, [task.value for task in tasks]) == tasks
    assert decode_many("default", ids, [tasks[0].value, None, tasks[0].value]) == [tasks[0], None, None]


def test_entry_of_another_workspace_or_task_is_not_decoded() -> None:
    assert read(VALUE, "other") is None
    assert read(VALUE, "defaul") is None
    assert decode("default", task_id(2).bytes, VALUE) is None


@pytest.mark.parametrize("value", [None, b"", b"M 1000005 1767225845000", b"L 0123abcd"])
def test_mark_lease_and_missing_entry_have_no_task(value: bytes | None) -> None:
    assert read(value) is None


def test_entry_starts_with_the_format_of_task_and_encoding() -> None:
    assert TASK_FORMAT in FORMAT
    assert VALUE.startswith(f"V {FORMAT} ".encode())


@pytest.mark.parametrize("prefix", [b"V ", b"V 1 ", f"V 0.{TASK_FORMAT} ".encode(), b"V 1.other "])
def test_entry_of_another_format_is_not_decoded(prefix: bytes) -> None:
    assert read(prefix + VALUE.removeprefix(VALUE_PREFIX)) is None


@pytest.mark.parametrize("payload", [b"", b"\x92\xa1", b"\xff\x00", b"nonsense", b"}"])
def test_unreadable_payload_is_not_decoded(payload: bytes) -> None:
    assert read(VALUE_PREFIX + payload) is None


@pytest.mark.parametrize("expires_at", [None, UNIX_EPOCH + timedelta(milliseconds=0x7D7D7D7D7D)])  # 0x7d is a brace
def test_value_that_was_cut_off_is_not_decoded(expires_at: datetime | None) -> None:
    value = encode("default", make_task(1, expires_at=expires_at)).value
    assert [read(value[:length]) for length in range(len(value))] == [None] * len(value)


@pytest.mark.parametrize("packed", [b"", b"x" * 28, b"x" * POSITION_BYTES, pack_position(b"t", 1, b"i" * 16) + b"x"])
def test_other_bytes_are_not_a_position(packed: bytes) -> None:
    with pytest.raises(ValueError, match="packed position"):
        unpack_position(packed)
