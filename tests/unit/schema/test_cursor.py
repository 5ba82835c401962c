"""Encoding and decoding of cursors."""

from base64 import urlsafe_b64encode
from binascii import crc32
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from cache.reads.deleted import DeletedTask
from cache.reads.pages import row_position
from cache.redis.encoded_task import encode, scores_of
from cache.redis.position import BY_EXPIRY, PositionOrder, pack_position
from cache.redis.times import created_at_us, expires_at_ms
from db.orders import DECLARED_ORDERS, SCORE_ENDS, order_score
from db.task import DeclaredOrder, Order, Task
from schema.cursor import decode_cursor, encode_cursor, encode_cursors
from schema.errors import BadInput
from schema.ids import new_id
from tests.support.task_strategies import rows

CREATED = datetime(2026, 11, 25, 8, 30, 0, 123_456, tzinfo=UTC)
EXPIRES = datetime(2026, 11, 26, 8, 30, 0, 123_000, tzinfo=UTC)
ROW = Task(new_id(), "A task", "", "TODO", "NONE", CREATED, CREATED, EXPIRES, 1)
TASK = encode("default", ROW)
ORDERS: tuple[Order, ...] = ("NEWEST", "OLDEST", "EXPIRING_SOON")


@pytest.mark.parametrize("order", ORDERS)
def test_cursor_decodes_to_the_position_of_its_task(order: Order) -> None:
    score = expires_at_ms(ROW) if order == "EXPIRING_SOON" else created_at_us(ROW)
    assert decode_cursor("after", encode_cursor(TASK, order), order, "default") == (score, TASK.id)


@pytest.mark.parametrize("order", ORDERS)
def test_position_in_postgresql_has_the_time_of_the_task(order: Order) -> None:
    position = decode_cursor("after", encode_cursor(TASK, order), order, "default")
    assert row_position(position, order) == (EXPIRES if order == "EXPIRING_SOON" else CREATED, TASK.id)


@pytest.mark.parametrize("order", ORDERS)
def test_cursor_has_at_most_40_url_safe_characters(order: Order) -> None:
    cursor = encode_cursor(TASK, order)
    assert len(cursor) <= 40
    assert cursor.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("due_at", [None, EXPIRES])
@pytest.mark.parametrize("order", DECLARED_ORDERS)
def test_cursor_of_a_declared_order_decodes_to_the_score_of_its_task(
    order: DeclaredOrder, due_at: datetime | None
) -> None:
    row = structs.replace(ROW, due_at=due_at, priority="URGENT")
    task = encode("default", row)
    cursor = encode_cursor(task, order)
    assert len(cursor) == 39
    assert encode_cursors([task, task], order) == [cursor, cursor]
    assert decode_cursor("after", cursor, order, "default") == (order_score(row, order), ROW.id)
    for other in {*ORDERS, *DECLARED_ORDERS} - {order}:
        with pytest.raises(BadInput, match=rf"is a cursor of the order {order}\."):
            decode_cursor("after", cursor, other, "default")


@pytest.mark.parametrize(("key", "order"), [(b"f", "DUE_FIRST"), (b"p", "PRIORITY_FIRST")])
def test_forged_score_of_a_declared_order_is_rejected(key: bytes, order: DeclaredOrder) -> None:
    for score in (-1, SCORE_ENDS[order], 2**63 - 1):
        packed = pack_position(key, score, ROW.id.bytes)
        with pytest.raises(BadInput, match="is not a cursor"):
            decode_cursor("after", urlsafe_b64encode(packed).decode(), order, "default")


def test_newest_and_oldest_share_cursors() -> None:
    cursor = encode_cursor(TASK, "NEWEST")
    assert decode_cursor("after", cursor, "OLDEST", "default") == decode_cursor("after", cursor, "NEWEST", "default")


@pytest.mark.parametrize(("made_for", "used_in"), [("NEWEST", "EXPIRING_SOON"), ("EXPIRING_SOON", "OLDEST")])
def test_cursor_of_another_order_is_rejected(made_for: Order, used_in: Order) -> None:
    with pytest.raises(BadInput, match=rf"^before is a cursor of the order .*{made_for}.*the order {used_in}\."):
        decode_cursor("before", encode_cursor(TASK, made_for), used_in, "default")


@pytest.mark.parametrize(("argument", "page"), [("after", "first"), ("before", "last")])
def test_empty_cursor_is_refused_with_what_to_send_instead(argument: str, page: str) -> None:
    with pytest.raises(BadInput, match=rf"^{argument} is an empty string\. For the {page} page, pass null"):
        decode_cursor(argument, "", "NEWEST", "default")


def test_every_change_of_a_character_is_detected() -> None:
    cursor = encode_cursor(TASK, "NEWEST")
    for index, letter in enumerate(cursor[:-1]):  # the last character contains unused bits
        changed = cursor[:index] + ("A" if letter != "A" else "B") + cursor[index + 1 :]
        with pytest.raises(BadInput, match=r"^after is not a cursor of this service"):
            decode_cursor("after", changed, "NEWEST", "default")


@pytest.mark.parametrize("text", ["A", "é" * 40, "\0", "A" * 100_000, "A" * 39], ids=ascii)
def test_other_text_is_rejected(text: str) -> None:
    with pytest.raises(BadInput, match="is not a cursor"):
        decode_cursor("after", text, "NEWEST", "default")


def test_score_beyond_the_year_2200_is_rejected() -> None:
    late = CREATED.replace(year=2200) + timedelta(days=40)
    task = Task(new_id(), "A task", "", "TODO", "NONE", late, late, None, 1)
    with pytest.raises(BadInput, match="is not a cursor"):
        decode_cursor("after", encode_cursor(encode("default", task), "NEWEST"), "NEWEST", "default")


@pytest.mark.parametrize("score", [-1, 7_258_118_400_000, 253_402_300_800_000, 7_258_118_399_999_999, 2**63 - 1])
def test_forged_expiry_beyond_the_year_2200_is_rejected(score: int) -> None:
    packed = pack_position(BY_EXPIRY, score, ROW.id.bytes)
    with pytest.raises(BadInput, match="is not a cursor"):
        decode_cursor("after", urlsafe_b64encode(packed).rstrip(b"=").decode(), "EXPIRING_SOON", "default")


@given(st.binary(min_size=1, max_size=1), st.integers(-(2**63), 2**63 - 1), st.sampled_from(ORDERS))
def test_every_forged_cursor_is_a_position_in_postgresql_or_rejected(key: bytes, score: int, order: Order) -> None:
    packed = pack_position(key, score, ROW.id.bytes)
    with suppress(BadInput):
        row_position(decode_cursor("after", urlsafe_b64encode(packed).decode(), order, "default"), order)


@given(st.lists(rows(), max_size=60), st.sampled_from(ORDERS))
def test_cursors_of_many_tasks_equal_those_of_each(page: list[Task], order: Order) -> None:
    tasks = [encode("default", row) for row in page if order != "EXPIRING_SOON" or row.expires_at is not None]
    sort_key = b"e" if order == "EXPIRING_SOON" else b"t"
    scored = zip(scores_of(tasks, order), tasks, strict=True)
    packed = [pack_position(sort_key, score, task.id_bytes) for score, task in scored]
    assert encode_cursors(tasks, order) == [urlsafe_b64encode(position).rstrip(b"=").decode() for position in packed]
    assert encode_cursors(tasks, order) == [encode_cursor(task, order) for task in tasks]


@pytest.mark.parametrize("order", [*ORDERS, "DELETED"])
@pytest.mark.parametrize(("made_in", "used_in"), [("default", "b"), ("b", "default"), ("b", "c")])
def test_cursor_of_another_workspace_is_refused_like_any_text(order: PositionOrder, made_in: str, used_in: str) -> None:
    task = encode(made_in, ROW)
    cursor = encode_cursor(DeletedTask(task, CREATED, CREATED) if order == "DELETED" else task, order)
    assert decode_cursor("after", cursor, order, made_in)[1] == ROW.id
    refusals = []
    for text in (cursor, "A" * len(cursor)):
        with pytest.raises(BadInput) as refused:
            decode_cursor("after", text, order, used_in)
        refusals.append(str(refused.value))
    assert refusals[0] == refusals[1]


def test_cursors_of_a_page_belong_to_its_workspace() -> None:
    task = encode("b", ROW)
    for order in ORDERS:
        assert encode_cursors([task, task], order) == [encode_cursor(task, order)] * 2


def test_cursor_of_the_default_workspace_is_that_of_earlier_releases() -> None:
    packed = b"t" + created_at_us(ROW).to_bytes(8) + ROW.id.bytes
    cursor = urlsafe_b64encode(packed + crc32(packed).to_bytes(4)).rstrip(b"=").decode()
    assert encode_cursor(TASK, "NEWEST") == cursor
