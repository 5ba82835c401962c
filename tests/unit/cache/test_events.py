"""Events of the feed: revs, and messages as the scripts publish them."""

import pytest

from cache.feed.events import KIND_OF_CODE, WITHOUT_TASK, EventKind, FeedEvent, Rev, parse_event
from cache.redis.encoded_task import encode
from tests.unit.cache.tasks import make_task, task_id


@pytest.mark.parametrize("text", ["-", "1", "1-", "-1", "1-2-3", "a-1", "١-1", "1" * 40 + "-1"])
def test_malformed_rev_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Rev.parse(text)


def test_rev_can_be_parsed_from_its_text() -> None:
    assert str(Rev(12, 345)) == "12-345"
    assert Rev.parse("12-345") == Rev(12, 345)


@pytest.mark.parametrize(("code", "kind"), [(code, kind) for code, kind in KIND_OF_CODE.items() if kind != "MANY"])
def test_message_with_an_id_is_parsed(code: bytes, kind: EventKind) -> None:
    task = None if kind in WITHOUT_TASK else make_task(1)
    encoded = None if task is None else encode("default", task)
    value = b"" if encoded is None else encoded.value
    event = parse_event("default", 7, b"42 " + code + task_id(1).bytes + value)
    assert event == FeedEvent(Rev(7, 42), kind, task_id(1), encoded)


def test_message_of_a_large_write_has_no_id() -> None:
    assert parse_event("default", 7, b"42 m") == FeedEvent(Rev(7, 42), "MANY")


@pytest.mark.parametrize(
    "value", [b"V 1 nonsense", encode("default", make_task(2)).value, encode("other", make_task(1)).value]
)
def test_unreadable_value_gives_an_event_without_a_task(value: bytes) -> None:
    event = parse_event("default", 7, b"42 u" + task_id(1).bytes + value)
    assert event == FeedEvent(Rev(7, 42), "UPDATED", task_id(1), None)
