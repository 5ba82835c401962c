"""Tests the subscription without Redis: messages, their order, and the end of the connection."""

import asyncio

import pytest

from cache.errors import CacheUnavailable
from cache.redis.pipeline import Pipeline, pack_command
from cache.redis.subscription import MAX_WAITING_BYTES, Subscription, Subscriptions

CONFIRMED = b">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"


class Socket(asyncio.Transport):
    """A transport that records its output."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def abort(self) -> None:
        pass


def message(text: str, channel: bytes = b"c") -> bytes:
    return b">3\r\n$7\r\nmessage\r\n$1\r\n%b\r\n$%d\r\n%b\r\n" % (channel, len(text), text.encode())


@pytest.fixture
async def socket() -> Socket:
    return Socket()


@pytest.fixture
async def pipeline(socket: Socket) -> Pipeline:
    pipeline = Pipeline(timeout_seconds=60)
    pipeline.connection_made(socket)
    return pipeline


@pytest.fixture
async def subscriptions(pipeline: Pipeline) -> Subscriptions:
    async def connect() -> Pipeline:
        return pipeline

    return Subscriptions(connect)


async def subscribe(subscriptions: Subscriptions, pipeline: Pipeline, channel: bytes = b"c") -> Subscription:
    subscribing = asyncio.create_task(subscriptions.subscribe(channel, 60))
    await asyncio.sleep(0)
    pipeline.data_received(CONFIRMED.replace(b"\r\nc\r\n", b"\r\n%b\r\n" % channel))
    return await subscribing


@pytest.fixture
async def subscription(subscriptions: Subscriptions, pipeline: Pipeline) -> Subscription:
    return await subscribe(subscriptions, pipeline)


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
async def test_subscription_that_is_not_confirmed_fails(
    pipeline: Pipeline, subscriptions: Subscriptions, answer: bytes
) -> None:
    subscribing = asyncio.create_task(subscriptions.subscribe(b"c", 60 if answer else 0.01))
    await asyncio.sleep(0)
    pipeline.data_received(answer)
    pipeline.closed.set_result(None) if not pipeline.is_open else None
    with pytest.raises(CacheUnavailable):
        await subscribing


async def test_slow_subscriber_loses_messages_and_delays_no_other(
    pipeline: Pipeline, subscriptions: Subscriptions, subscription: Subscription
) -> None:
    other = await subscribe(subscriptions, pipeline, b"d")
    large = "x" * (MAX_WAITING_BYTES // 2)
    pipeline.data_received(b"".join(message(large + str(number)) for number in range(4)) + message("e", b"d"))
    assert await other.next_message(60) == b"e"
    assert [await subscription.next_message(60) for _ in range(2)] == [(large + str(n)).encode() for n in range(2)]
    assert await subscription.next_message(0.01) is None
    pipeline.data_received(message("5"))
    assert await subscription.next_message(60) == b"5"


async def test_connection_lasts_as_long_as_its_last_subscription(
    pipeline: Pipeline, subscriptions: Subscriptions, subscription: Subscription, socket: Socket
) -> None:
    other, again = await subscribe(subscriptions, pipeline, b"d"), await subscriptions.subscribe(b"c", 60)
    subscriptions.unsubscribe(subscription)
    pipeline.data_received(message("1"))
    assert await again.next_message(60) == b"1"
    subscriptions.unsubscribe(again)
    assert socket.written == [
        pack_command(words) for words in (("SUBSCRIBE", b"c"), ("SUBSCRIBE", b"d"), ("UNSUBSCRIBE", b"c"))
    ]
    assert pipeline.is_open
    subscriptions.unsubscribe(other)
    assert not pipeline.is_open
