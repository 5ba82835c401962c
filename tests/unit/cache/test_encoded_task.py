"""The value of an entry: formats, header and JSON."""

from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache.redis.encoded_task import FORMAT, VALUE_PREFIX, EncodedTask, decode, encode
from cache.redis.position import BY_CREATION, POSITION_BYTES, pack_position, unpack_position
from db.task import TASK_FORMAT, Priority, Status
from schema.build import create_schema
from tests.unit.cache.tasks import CREATED_AT, CREATED_AT_US, EXPIRES_AT, EXPIRES_AT_MS, make_task, task_id

TASK = make_task(1, description="Twice a week", status="DONE", priority="HIGH", expires_at=EXPIRES_AT, version=7)
VALUE = encode("default", TASK).value
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50)


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


@given(
    title=TEXTS,
    description=TEXTS,
    status=st.sampled_from(get_args(Status)),
    priority=st.sampled_from(get_args(Priority)),
    expires_at=st.sampled_from([None, EXPIRES_AT, CREATED_AT]),
    version=st.integers(1, 2**31 - 1),
)
def test_any_task_survives_the_encoding(**fields: object) -> None:
    task = make_task(3, **fields)
    found = decode("a" * 63, task.id.bytes, encode("a" * 63, task).value)
    assert found is not None
    assert found.task == task
    assert (found.status, found.expires_at_ms) == (task.status, encode("x", task).expires_at_ms)


def test_json_has_the_names_and_the_forms_of_the_schema() -> None:
    fields = create_schema()._schema.type_map["Task"].fields  # type: ignore[attr-defined]
    printed = msgspec.json.decode(encode("default", TASK).json)
    assert set(printed) == set(fields)
    for name, value in printed.items():
        type_ = getattr(fields[name].type, "of_type", fields[name].type)
        attribute = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
        assert type_.serialize(getattr(TASK, attribute)) == value


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


@pytest.mark.parametrize("length", range(1, 20))
def test_truncated_value_is_not_decoded(length: int) -> None:
    assert read(VALUE[:-length]) is None


@pytest.mark.parametrize("packed", [b"", b"x" * 28, b"x" * POSITION_BYTES, pack_position(b"t", 1, b"i" * 16) + b"x"])
def test_other_bytes_are_not_a_position(packed: bytes) -> None:
    with pytest.raises(ValueError, match="packed position"):
        unpack_position(packed)
