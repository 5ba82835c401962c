"""Generation and parsing of task ids."""

import time
from uuid import RFC_4122, UUID

import pytest

from schema import ids as ids_module
from schema.ids import new_id, parse_id
from tests.support.task_inputs import INVALID_IDS


def test_new_id_is_a_uuid_of_version_7() -> None:
    for _ in range(100):
        id_ = new_id()
        assert (id_.version, id_.variant) == (7, RFC_4122)


def test_new_id_begins_with_the_time_in_milliseconds() -> None:
    before = time.time_ns() // 1_000_000
    milliseconds = new_id().int >> 80
    assert before <= milliseconds <= time.time_ns() // 1_000_000


def test_new_ids_differ() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000


def test_new_ids_increase() -> None:
    ids = [new_id() for _ in range(10_000)]
    assert ids == sorted(ids)


def test_new_ids_increase_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    first, now = new_id(), time.time_ns()
    monkeypatch.setattr("schema.ids.time.time_ns", lambda: now - 3_600 * 10**9)
    ids = [first, *(new_id() for _ in range(100))]
    assert ids == sorted(set(ids))


def test_new_ids_increase_when_the_counter_overflows(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time_ns()
    monkeypatch.setattr("schema.ids._last_id", ids_module._LastId())
    monkeypatch.setattr("schema.ids.time.time_ns", lambda: now)
    first = new_id()
    monkeypatch.setattr("schema.ids._last_id.counter", 2**42 - 2)
    ids = [first, *(new_id() for _ in range(3))]
    assert ids == sorted(set(ids))
    assert [id_.int >> 80 for id_ in ids] == [now // 10**6] * 2 + [now // 10**6 + 1] * 2


def test_new_ids_of_one_millisecond_differ_between_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both the start of the counter and the end of the id are random."""
    now = time.time_ns()
    monkeypatch.setattr("schema.ids.time.time_ns", lambda: now)
    ids = set()
    for _ in range(100):
        monkeypatch.setattr("schema.ids._last_id", ids_module._LastId())
        ids.add(new_id())
    assert len({id_.int >> 32 for id_ in ids}) == 100


def test_parse_id_accepts_lower_and_upper_case() -> None:
    id_ = new_id()
    assert parse_id(str(id_)) == parse_id(str(id_).upper()) == id_


@pytest.mark.parametrize(("text", "words"), INVALID_IDS, ids=ascii)
def test_parse_id_rejects_invalid_ids(text: str, words: list[str]) -> None:
    with pytest.raises(ValueError, match="must be") as caught:
        parse_id(text)
    for word in words:
        assert word in str(caught.value)
    assert len(str(caught.value)) < 200


def test_parse_id_rejects_other_forms_of_a_uuid() -> None:
    id_ = new_id()
    misplaced = f"{id_.hex[:4]}-{id_.hex[4:20]}---{id_.hex[20:]}"
    assert len(misplaced) == 36
    for text in (id_.hex, f"{{{id_}}}", id_.urn, misplaced):
        assert UUID(text) == id_
        with pytest.raises(ValueError, match="must be a UUID"):
            parse_id(text)


@pytest.mark.parametrize("character", ["\ud800", "\0", "é", "\uff11", "_", " ", "+"], ids=ascii)
def test_parse_id_rejects_other_characters(character: str) -> None:
    with pytest.raises(ValueError, match="must be a UUID"):
        parse_id(str(new_id())[:-1] + character)
