"""Tests the subscription without Redis: messages, their order, and the end of the connection."""

import asyncio

import pytest

from cache.errors import CacheUnavailable
from cache.redis.pipeline import Pipeline, pack_command
from cache.redis.subscription import MAX_WAITING_MESSAGES, Subscription

CONFIRMED = b">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"


class Socket(asyncio.Transport):
    """A transport that records what was written, and whether it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.is_read = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def pause_reading(self) -> None:
        self.is_read = False

    def resume_reading(self) -> None:
        self.is_read = True

    def abort(self) -> None:
        pass


def message(text: str) -> bytes:
    return b">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$%d\r\n%b\r\n" % (len(text), text.encode())


@pytest.fixture
async def socket() -> Socket:
    return Socket()


@pytest.fixture
async def pipeline(socket: Socket) -> Pipeline:
    pipeline = Pipeline(timeout_seconds=60)
    pipeline.connection_made(socket)
    return pipeline


@pytest.fixture
async def subscription(pipeline: Pipeline) -> Subscription:
    subscription = Subscription(pipeline)
    subscribing = asyncio.create_task(subscription.subscribe(b"c", 60))
    await asyncio.sleep(0)
    pipeline.data_received(CONFIRMED)
    await subscribing
    return subscription


async def test_messages_come_in_order(pipeline: Pipeline, subscription: Subscription, socket: Socket) -> None:
    assert socket.written == [pack_command(("SUBSCRIBE", b"c"))]
    pipeline.data_received(message("1") + message("2"))
    assert [await subscription.next_message(60) for _ in range(2)] == [b"1", b"2"]
    waiting = asyncio.create_task(subscription.next_message(60))
    await asyncio.sleep(0)
    pipeline.data_received(message("3")[:9])
    pipeline.data_received(message("3")[9:])
    assert await waiting == b"3"


async def test_without_a_message_the_wait_ends(pipeline: Pipeline, subscription: Subscription) -> None:
    assert await subscription.next_message(0.01) is None
    pipeline.data_received(message("1"))
    assert await subscription.next_message(60) == b"1"


async def test_cancelled_wait_loses_no_message(pipeline: Pipeline, subscription: Subscription) -> None:
    waiting = asyncio.create_task(subscription.next_message(60))
    await asyncio.sleep(0)
    waiting.cancel()
    pipeline.data_received(message("1"))
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await subscription.next_message(60) == b"1"


async def test_messages_before_the_end_of_the_connection_are_delivered(
    pipeline: Pipeline, subscription: Subscription
) -> None:
    pipeline.data_received(message("1"))
    pipeline.connection_lost(None)
    assert await subscription.next_message(60) == b"1"
    with pytest.raises(CacheUnavailable):
        await subscription.next_message(60)


async def test_lost_connection_ends_the_wait(pipeline: Pipeline, subscription: Subscription) -> None:
    waiting = asyncio.create_task(subscription.next_message(60))
    await asyncio.sleep(0)
    pipeline.connection_lost(None)
    with pytest.raises(CacheUnavailable):
        await waiting


@pytest.mark.parametrize("answer", [b"-NOPERM no permission\r\n", b""])
async def test_subscription_that_is_not_confirmed_fails(pipeline: Pipeline, answer: bytes) -> None:
    subscription = Subscription(pipeline)
    subscribing = asyncio.create_task(subscription.subscribe(b"c", 60 if answer else 0.01))
    await asyncio.sleep(0)
    pipeline.data_received(answer)
    pipeline.closed.set_result(None) if not pipeline.is_open else None
    with pytest.raises(CacheUnavailable):
        await subscribing


async def test_slow_subscriber_stops_the_reading(
    pipeline: Pipeline, subscription: Subscription, socket: Socket
) -> None:
    pipeline.data_received(b"".join(message(str(number)) for number in range(MAX_WAITING_MESSAGES)))
    assert not socket.is_read
    received = [await subscription.next_message(60) for _ in range(MAX_WAITING_MESSAGES)]
    assert received == [str(number).encode() for number in range(MAX_WAITING_MESSAGES)]
    assert await subscription.next_message(0.01) is None
    assert socket.is_read
