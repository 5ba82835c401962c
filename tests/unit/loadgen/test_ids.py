import uuid
from datetime import UTC, datetime

import pytest

from loadgen.ids import BASE_MS, random_bytes, task_id


def test_id_is_a_version_7_uuid_of_rfc_9562() -> None:
    for index in range(2000):
        text = task_id(index, random_bytes(1, index)[:10])
        parsed = uuid.UUID(text)
        assert str(parsed) == text
        assert parsed.version == 7
        assert parsed.variant == uuid.RFC_4122


def test_timestamp_is_the_base_time_plus_one_millisecond_per_index() -> None:
    assert datetime.fromtimestamp(BASE_MS / 1000, UTC) == datetime(2025, 1, 1, tzinfo=UTC)
    for index in (0, 1, 999, 10**8):
        assert uuid.UUID(task_id(index, random_bytes(3, index)[:10])).int >> 80 == BASE_MS + index


def test_ids_are_unique_and_increase_with_the_index() -> None:
    ids = [task_id(index, random_bytes(1, index)[:10]) for index in range(10_000)]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize("random", [b"\x00" * 10, b"\xff" * 10])
def test_random_bits_leave_timestamp_version_and_variant_unchanged(random: bytes) -> None:
    parsed = uuid.UUID(task_id(10**8, random))
    assert (parsed.int >> 80, parsed.version) == (BASE_MS + 10**8, 7)
    assert parsed.variant == uuid.RFC_4122


def test_all_74_random_bits_are_used() -> None:
    none = uuid.UUID(task_id(0, b"\x00" * 10)).int
    every = uuid.UUID(task_id(0, b"\xff" * 10)).int
    assert (none ^ every).bit_count() == 74


def test_ids_never_change_between_releases() -> None:
    # If the ids change, a load that continues after an upgrade creates tasks twice.
    assert task_id(0, random_bytes(1, 0)[:10]) == "01941f29-7c00-7572-a9dd-9ff8e09b90f1"
    assert task_id(123_456, random_bytes(7, 123_456)[:10]) == "01941f2b-5e40-79e5-979f-678d782e16b5"


def test_another_seed_generates_other_ids() -> None:
    first = {task_id(index, random_bytes(1, index)[:10]) for index in range(10_000)}
    other = {task_id(index, random_bytes(2, index)[:10]) for index in range(10_000)}
    assert not first & other
