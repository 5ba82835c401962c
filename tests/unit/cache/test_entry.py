"""The entry of a task: encoding, formats, and the scores of the indexes."""

from datetime import timedelta

import pytest

from cache.redis import entry
from cache.redis.keys import VIEW_OF
from db.task import TASK_FORMAT, Status
from tests.unit.cache.tasks import CREATED_AT_US, EXPIRES_AT, EXPIRES_AT_MS, make_task, task_id

TASK = make_task(1, description="Twice a week", status="DONE", priority="HIGH", expires_at=EXPIRES_AT, version=7)
ENTRY = entry.encode("default", TASK)


def test_encoded_task_can_be_decoded() -> None:
    assert entry.decode("default", TASK.id, ENTRY) == TASK


def test_entry_of_another_workspace_or_task_is_not_decoded() -> None:
    assert entry.decode("other", TASK.id, ENTRY) is None
    assert entry.decode("default", task_id(2), ENTRY) is None


@pytest.mark.parametrize("value", [None, b"", b"M 1000005 1767225845000", b"L 0123abcd"])
def test_mark_lease_and_missing_entry_have_no_task(value: bytes | None) -> None:
    assert entry.decode("default", TASK.id, value) is None


def test_entry_starts_with_the_format_of_task_and_encoding() -> None:
    assert TASK_FORMAT in entry.FORMAT
    assert ENTRY.startswith(f"V {entry.FORMAT} ".encode())


@pytest.mark.parametrize("prefix", [b"V ", b"V 1 ", f"V 0.{TASK_FORMAT} ".encode(), b"V 1.other "])
def test_entry_of_another_format_is_not_decoded(prefix: bytes) -> None:
    payload = ENTRY.removeprefix(entry.VALUE_PREFIX)
    assert entry.decode("default", TASK.id, prefix + payload) is None


@pytest.mark.parametrize("payload", [b"", b"\x92\xa1", b"\xff\x00", b"nonsense"])
def test_unreadable_payload_is_not_decoded(payload: bytes) -> None:
    assert entry.decode("default", TASK.id, entry.VALUE_PREFIX + payload) is None


def test_scores_are_exact() -> None:
    assert entry.created_at_us(TASK) == CREATED_AT_US
    assert entry.expires_at_ms(TASK) == EXPIRES_AT_MS
    assert entry.expires_at_ms(make_task()) == ""


@pytest.mark.parametrize("status", VIEW_OF)
def test_placement_names_the_view_of_the_status(status: Status) -> None:
    task = make_task(status=status)
    assert entry.placement(task) == (task.id.bytes, VIEW_OF[status], CREATED_AT_US, "")


def test_placement_of_an_invisible_task_names_no_view() -> None:
    assert entry.placement(TASK, visible=False) == (TASK.id.bytes, 0, CREATED_AT_US, EXPIRES_AT_MS)


def test_ttl_is_between_54_and_60_minutes() -> None:
    ttls = [timedelta(milliseconds=entry.ttl_ms()) for _ in range(1000)]
    assert timedelta(minutes=54) <= min(ttls) <= max(ttls) <= timedelta(hours=1)
    assert len(set(ttls)) > 100
