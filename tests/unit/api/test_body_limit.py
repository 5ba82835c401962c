"""The limit on the size of request bodies: what is read, what is refused, and what is read after a refusal."""

from collections.abc import Sequence
from typing import Any

import pytest
from starlette.types import Message

from api.graphql.deadline import ClientDisconnected
from api.http.body_limit import BodyLimit, BodyTooLarge

LIMIT = BodyLimit(10)


class Client:
    """Sends messages, and records the response."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self.unread = list(messages)
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        return self.unread.pop(0) if self.unread else {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)


def part(size: int, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": b"x" * size, "more_body": more}


@pytest.mark.parametrize("announced", [None, b"0", b"10"])
def test_announced_body_within_the_limit_is_accepted(announced: bytes | None) -> None:
    LIMIT.check_announced({} if announced is None else {b"content-length": announced})


@pytest.mark.parametrize(
    ("announced", "size"), [(b"11", 11), (b"9" * 20, 10**20 - 1), (b"1" * 21, 11), (b"-1", 11), (b"1e9", 11)]
)
def test_announced_body_over_the_limit_is_refused(announced: bytes, size: int) -> None:
    with pytest.raises(BodyTooLarge) as caught:
        LIMIT.check_announced({b"content-length": announced})
    assert (caught.value.size_bytes, caught.value.unread) == (size, True)


@pytest.mark.parametrize(
    "messages",
    [
        [part(10)],
        [{"type": "http.request"}],
        [{"type": "http.request", "body": b"x"}],
        [part(4, more=True), part(6)],
        [part(0, more=True), part(10, more=True), part(0)],
        [part(4, more=True), {"type": "http.request", "body": b"x"}],
    ],
)
async def test_body_within_the_limit_is_read_completely(messages: list[Message]) -> None:
    client = Client(messages)
    body = await LIMIT.read(client.receive)
    assert type(body) is bytes
    assert body == b"".join(message.get("body", b"") for message in messages)
    assert client.unread == []


@pytest.mark.parametrize(
    ("messages", "size", "unread"),
    [
        ([part(11)], 11, False),
        ([part(11, more=True), part(1)], 11, True),
        ([part(10, more=True), part(1)], 11, False),
        ([part(5, more=True), part(8, more=True), part(1)], 13, True),
    ],
)
async def test_body_over_the_limit_is_not_read_further(messages: list[Message], size: int, unread: bool) -> None:
    client = Client(messages)
    with pytest.raises(BodyTooLarge) as caught:
        await LIMIT.read(client.receive)
    assert (caught.value.size_bytes, caught.value.unread) == (size, unread)
    assert bool(client.unread) == unread


@pytest.mark.parametrize("messages", [[], [part(5, more=True)]])
async def test_disconnected_client_gets_no_response(messages: list[Message]) -> None:
    with pytest.raises(ClientDisconnected):
        await LIMIT.read(Client(messages).receive)


async def refused(
    messages: list[Message], *, size: int, unread: bool, headers: list[tuple[bytes, bytes]] | None = None
) -> Client:
    client = Client(messages)
    refusal = LIMIT.refusal(BodyTooLarge(size, unread=unread))
    scope: dict[str, Any] = {"type": "http", "headers": [(b"host", b"a"), *(headers or [])]}
    await refusal(scope, client.receive, client.send)
    assert client.sent[0]["status"] == 413
    assert (b"connection", b"close") in client.sent[0]["headers"]
    return client


async def test_rest_of_a_refused_body_is_read_before_the_response() -> None:
    client = await refused([part(9, more=True), part(9, more=True), part(1), part(1)], size=11, unread=True)
    assert len(client.unread) == 1


async def test_huge_rest_of_a_refused_body_is_not_read() -> None:
    huge = 16 * 2**20
    assert len((await refused([part(1)], size=huge, unread=True)).unread) == 0
    assert len((await refused([part(1)], size=huge + 1, unread=True)).unread) == 1
    left = await refused([part(huge - 1, more=True), part(1, more=True), part(1)], size=11, unread=True)
    assert len(left.unread) == 1


async def test_client_that_waits_for_the_response_is_not_waited_for() -> None:
    expect = [(b"expect", b"100-continue")]
    assert len((await refused([part(1)], size=11, unread=True, headers=expect)).unread) == 1


async def test_nothing_is_read_after_a_body_that_was_read() -> None:
    client = await refused([part(1)], size=11, unread=False)
    assert len(client.unread) == 1
    assert b"11 bytes" in client.sent[1]["body"]
    assert b'"limit":10,"requested":11' in client.sent[1]["body"].replace(b" ", b"")
