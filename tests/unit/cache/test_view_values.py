"""Tests the values from before a write in the messages of the feed, and which events concern a view."""

from msgspec.structs import replace

from cache.feed.events import FeedEvent, Rev, parse_event
from cache.redis.encoded_task import decode, encode
from cache.redis.view_values import ViewValues, pack_before, split_before
from db.task import Task
from db.views import View
from tests.unit.cache.tasks import make_task

ANN, BOB = View(assignee="ann"), View(assignee="bob")


def of(assignee: str | None, **fields: object) -> Task:
    return replace(make_task(1), assignee=assignee, **fields)


def parsed(before: bytes, task: Task | None) -> FeedEvent:
    id_, value = make_task(1).id, b"" if task is None else encode("default", task).value
    return parse_event("default", 1, b"7 " + (b"u" if task else b"d") + id_.bytes + value + before)


def test_values_from_before_a_write_survive_the_message() -> None:
    for title in ("plain", "]\n[]"):
        old, new = of("ann", labels=["a]", "\n[]"], status="DONE"), of(None, title=title)
        event = parsed(pack_before(old), new)
        assert event.before == [ViewValues.of(old)]
        assert event.task == new
        assert event.after == ViewValues.of(new)
    assert parsed(pack_before(None), of("ann")).before == []


def test_message_of_an_earlier_release_does_not_tell_the_values() -> None:
    assert parsed(b"", of("ann", title="]")).before is None
    assert parsed(b"", None).before is None


def test_earlier_release_reads_the_task_itself() -> None:
    """It takes everything after the id for a value."""
    task = of("ann")
    for before in (None, task):
        assert decode("default", task.id.bytes, encode("default", task).value + pack_before(before)) is None


def test_event_concerns_the_views_of_both_rows() -> None:
    moved = parsed(pack_before(of("ann")), of("bob"))
    assert (moved.concerns(ANN), moved.concerns(BOB)) == (True, True)
    assert (moved.is_in(ANN), moved.is_in(BOB)) == (False, True)
    assert not moved.concerns(View(assignee="cid"))
    assert not moved.concerns(View(assignee="bob", status="DONE"))
    gone = parsed(pack_before(of("ann")), None)
    assert (gone.concerns(ANN), gone.concerns(BOB)) == (True, False)
    assert not gone.is_in(ANN)


def test_event_with_unknown_values_or_without_a_task_concerns_every_view() -> None:
    assert parsed(b"", of("bob")).concerns(ANN)
    assert FeedEvent(Rev(1, 1), "MANY").concerns(ANN)
    assert split_before(b"") == (b"", None)
