"""Tests the pipeline without Redis: which request gets which reply, however the bytes arrive."""

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any

import hiredis
import pytest
import uvloop

from cache.errors import CacheUnavailable
from cache.redis.pipeline import Pipeline, pack_command

# Replies of each kind, and what they stand for.
REPLIES: list[tuple[bytes, Any]] = [
    (b"$5\r\nhello\r\n", b"hello"),
    (b"$-1\r\n", None),
    (b"_\r\n", None),
    (b":42\r\n", 42),
    (b"+OK\r\n", b"OK"),
    (b"$0\r\n\r\n", b""),
    (b"*0\r\n", []),
    (b"*3\r\n$1\r\na\r\n*2\r\n:1\r\n$-1\r\n$4\r\n\r\n\r\n\r\n", [b"a", [1, None], b"\r\n\r\n"]),
    (b"=8\r\ntxt:text\r\n", b"text"),
    (b",1.5\r\n", 1.5),
    (b"#t\r\n", True),
]
PUSH = b">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n"


class Sink(asyncio.Transport):
    """A transport that records what was written. It never loses a connection by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def abort(self) -> None:
        self.aborted = True


@pytest.fixture
async def sink() -> Sink:
    return Sink()


@pytest.fixture
async def pipeline(sink: Sink) -> Pipeline:
    pipeline = Pipeline(timeout_seconds=60)
    pipeline.connection_made(sink)
    return pipeline


def echo(text: str) -> bytes:
    return pack_command(("ECHO", text))


async def next_turn() -> None:
    await asyncio.sleep(0)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
async def test_each_request_gets_its_replies_however_the_bytes_are_cut(pipeline: Pipeline, size: int) -> None:
    requests = [pipeline.send(b"any", 1) for _ in REPLIES]
    whole = pipeline.send(b"any", len(REPLIES))
    texts = [text for text, _ in REPLIES]
    received = PUSH.join([*texts, *texts, b""])
    for at in range(0, len(received), size):
        pipeline.data_received(received[at : at + size])
    values = [value for _, value in REPLIES]
    assert [await request for request in requests] == [[value] for value in values]
    assert await whole == values


async def test_requests_of_one_turn_are_written_together_and_in_order(pipeline: Pipeline, sink: Sink) -> None:
    for text in "abc":
        pipeline.send(echo(text), 1)
    assert sink.written == []
    await next_turn()
    pipeline.send(echo("d"), 1)
    await next_turn()
    assert sink.written == [echo("a") + echo("b") + echo("c"), echo("d")]


async def test_nothing_is_written_while_the_buffer_is_full(pipeline: Pipeline, sink: Sink) -> None:
    pipeline.send(echo("a"), 1)
    pipeline.pause_writing()
    pipeline.send(echo("b"), 1)
    await next_turn()
    pipeline.send(echo("c"), 1)
    await next_turn()
    assert sink.written == []
    pipeline.resume_writing()
    pipeline.send(echo("d"), 1)
    await next_turn()
    assert b"".join(sink.written) == b"".join(map(echo, "abcd"))


async def test_reply_to_a_cancelled_request_is_dropped(pipeline: Pipeline) -> None:
    first, cancelled, last = (pipeline.send(b"any", 2) for _ in range(3))
    pipeline.data_received(b":1\r\n:1\r\n:2\r\n")
    cancelled.cancel()
    pipeline.data_received(b":2\r\n:3\r\n:3\r\n")
    assert (await first, await last) == ([1, 1], [3, 3])
    assert pipeline.is_open


async def test_replies_to_a_cancelled_request_are_handed_over(pipeline: Pipeline) -> None:
    dropped: list[list[object]] = []
    answered, cancelled = (pipeline.send(b"any", 2, dropped=dropped.append) for _ in range(2))
    cancelled.cancel()
    pipeline.data_received(b":1\r\n:1\r\n:2\r\n:2\r\n")
    assert await answered == [1, 1]
    assert dropped == [[2, 2]]


async def test_error_reply_belongs_to_its_request_only(pipeline: Pipeline) -> None:
    failed, succeeded = pipeline.send(b"any", 1), pipeline.send(b"any", 1)
    pipeline.data_received(b"-OOM command not allowed\r\n:1\r\n")
    (error,) = await failed
    assert isinstance(error, hiredis.ReplyError)
    assert str(error) == "OOM command not allowed"
    assert await succeeded == [1]


@pytest.mark.parametrize("received", [b"nonsense\r\n", b":1\r\n:2\r\n:3\r\n"], ids=["no RESP", "one too many"])
async def test_reply_that_nobody_understands_closes_the_connection(
    pipeline: Pipeline, sink: Sink, received: bytes
) -> None:
    requests = [pipeline.send(b"any", 1), pipeline.send(b"any", 1)]
    pipeline.data_received(received)
    assert (pipeline.is_open, sink.aborted) == (False, True)
    if received.startswith(b"nonsense"):
        for request in requests:
            with pytest.raises(CacheUnavailable):
                await request
    with pytest.raises(CacheUnavailable):
        pipeline.send(b"any", 1)


async def test_lost_connection_fails_the_requests_in_flight(pipeline: Pipeline) -> None:
    answered, cancelled, waiting = (pipeline.send(b"any", 1) for _ in range(3))
    pipeline.data_received(b":1\r\n")
    cancelled.cancel()
    pipeline.connection_lost(ConnectionResetError())
    assert await answered == [1]
    with pytest.raises(CacheUnavailable) as raised:
        await waiting
    assert isinstance(raised.value.__cause__, ConnectionResetError)
    assert pipeline.closed.done()


async def test_overdue_request_closes_the_connection(sink: Sink) -> None:
    pipeline = Pipeline(timeout_seconds=0.02)
    pipeline.connection_made(sink)
    answered, overdue, later = (pipeline.send(b"any", 1) for _ in range(3))
    pipeline.data_received(b":1\r\n")
    for request in (overdue, later):
        with pytest.raises(CacheUnavailable) as raised:
            await request
        assert isinstance(raised.value.__cause__, TimeoutError)
    assert await answered == [1]
    assert sink.aborted


async def test_request_with_an_earlier_limit_than_those_before_it_fails_first(pipeline: Pipeline) -> None:
    """A caller that has waited for the connection has less time left than one that found it open."""
    pipeline.send(b"any", 1).add_done_callback(lambda request: request.exception())
    with pytest.raises(CacheUnavailable):
        await pipeline.send(b"any", 1, asyncio.get_running_loop().time() + 0.01)


async def test_answered_requests_do_not_close_the_connection(pipeline: Pipeline, sink: Sink) -> None:
    for _ in range(3):
        request = pipeline.send(b"any", 1, asyncio.get_running_loop().time() + 0.01)
        later = pipeline.send(b"any", 1)
        pipeline.data_received(b":1\r\n")
        await asyncio.sleep(0.02)
        pipeline.data_received(b":2\r\n")
        assert (await request, await later) == ([1], [2])
    assert (pipeline.is_open, sink.aborted) == (True, False)


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_reply_that_arrived_while_the_process_was_busy_is_not_overdue(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    """The process is busy beyond the limit. The reply has arrived in time."""

    async def receive_late(mine: socket.socket, redis: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        _, pipeline = await loop.create_connection(lambda: Pipeline(timeout_seconds=0.02), sock=mine)
        for _ in range(5):
            request = pipeline.send(echo("a"), 1)
            redis.sendall(b"$1\r\na\r\n")
            time.sleep(0.05)  # noqa: ASYNC251 (blocks the event loop)
            assert await request == [b"a"]
        pipeline.close(ConnectionError())
        await pipeline.closed

    mine, redis = socket.socketpair()
    with asyncio.Runner(loop_factory=new_loop) as runner, redis:
        runner.run(receive_late(mine, redis))


async def test_replaced_connection_is_closed_after_its_last_reply(pipeline: Pipeline, sink: Sink) -> None:
    request = pipeline.send(b"any", 1)
    pipeline.retire()
    with pytest.raises(CacheUnavailable):
        pipeline.send(b"any", 1)
    assert not sink.aborted
    pipeline.data_received(b":1\r\n")
    assert await request == [1]
    assert sink.aborted
