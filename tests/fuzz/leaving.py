"""Clients that leave at any step of a conversation: they reset the connection, close it, or stop sending.

None of that is an error of the service, and nothing of a conversation stays after its client.
"""

import http.client
import json
import random
import socket
import struct
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal, get_args

from prometheus_client.parser import text_string_to_metric_families
from websockets.frames import Opcode

from tests.fuzz.campaign import Report
from tests.support.raw_client import HEAD, TIMEOUT_SECONDS, connect, frame, post, response
from tests.support.service_process import until

Way = Literal["reset", "close", "half close"]
CONCURRENCY = 4
WRITE_PAUSE_SECONDS = 0.02
# The client leaves up to this time after its last step.
MAX_PAUSE_SECONDS = 0.02
WITH_LENGTH = b"Content-Length: 40\r\n"
UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
PAGE = post("{ tasks(first: 100) { totalCount nodes { id title description } } }")
SEARCH = post('{ searchTasks(query: "task", first: 5) { nodes { id } } }')
CREATE = post('mutation { createTask(input: {title: "A task"}) { task { id } } }')
CHANGED, COUNTS = (
    "subscription { taskChanged { kind rev task { id title } } }",
    "subscription { taskCountsChanged { all } }",
)


@dataclass(frozen=True)
class Until:
    """A step that reads until this text has arrived, or the service has closed the connection."""

    text: bytes


Step = bytes | Until


def _message(type_: str, **fields: Any) -> bytes:
    return frame(json.dumps({"type": type_, **fields}).encode())


def _subscribe(id_: str, document: str = COUNTS) -> bytes:
    return _message("subscribe", id=id_, payload={"query": document})


def _of(path: str, headers: bytes = b"", method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n".encode() + headers + b"\r\n"


def _stream(document: str) -> bytes:
    return post(document).replace(b"\r\n\r\n", b"\r\nAccept: text/event-stream\r\n\r\n", 1)


_OPEN = (UPGRADE + b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n", Until(b"101 "))
_READY = (*_OPEN, _message("connection_init"), Until(b"connection_ack"))
_EVENT, _EVENTS = Until(b"event: next"), Until(b'"type":"next"')
CONVERSATIONS: dict[str, tuple[Step, ...]] = {
    "page": (PAGE, Until(b'"totalCount"')),
    "search": (SEARCH, Until(b'"searchTasks"')),
    "write": (CREATE, Until(b'"createTask"')),
    "requests without a pause": (PAGE + SEARCH + CREATE, Until(b'"totalCount"')),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\n{}\r\n", b"0\r\n\r\n", Until(b'"errors"')),
    "body after 100 Continue": (
        HEAD + WITH_LENGTH + b"Expect: 100-continue\r\n\r\n",
        Until(b"100 Continue"),
        b"{" * 40,
    ),
    "malformed body": (HEAD + b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", Until(b'"errors"')),
    "malformed head": (b"GET \x00 / HTTP/1.1\r\n\r\n", Until(b'"errors"')),
    "web page": (_of("/"), Until(b"\r\n\r\n")),
    "metrics": (_of("/metrics"), Until(b"millitask_streams")),
    "session": (_of("/session"), Until(b"\r\n\r\n")),
    "sign-in": (
        _of("/session/token", WITH_LENGTH + b"Content-Type: application/json\r\n", "POST"),
        json.dumps({"token": "mt_01234567890123456789"}).encode().ljust(40),
        Until(b"\r\n\r\n"),
    ),
    "event stream": (_stream(CHANGED), Until(b":\n\n"), _EVENT, _EVENT),
    "counts as an event stream": (_stream(COUNTS), _EVENT, _EVENT),
    "event stream, then a WebSocket": (_stream(CHANGED), _EVENT, _OPEN[0], Until(b"101 ")),
    "WebSocket": (*_READY, _subscribe("1"), _EVENTS, _subscribe("2", CHANGED), _EVENTS, _message("complete", id="1")),
    "pings": (*_READY, _message("ping") * 20, Until(b"pong"), frame(b"p", Opcode.PING) * 20, Until(b"\x8a\x01p")),
    "many subscriptions": (*_READY, b"".join(_subscribe(str(number)) for number in range(60)), _EVENTS),
    "operations over a WebSocket": (
        *_READY,
        _subscribe("1", "{ __typename }"),
        _subscribe("2", "{"),
        Until(b'"error"'),
    ),
    "the same id twice": (*_READY, _subscribe("1") * 2, Until(b"already exists")),
    "no connection_init": (*_OPEN, _subscribe("1"), Until(b"Unauthorized")),
    "connection_init twice": (*_READY, _message("connection_init"), Until(b"Too many")),
    "not JSON": (*_READY, _subscribe("1") + frame(b"{"), Until(b"valid JSON")),
    "not JSON, then an invalid frame": (*_READY, frame(b"{"), b"\x83\x80\0\0\0\0", Until(b"\x88")),
    "not text": (*_READY, frame(b"{}", Opcode.BINARY), Until(b"must be text")),
    "not UTF-8": (*_READY, frame(b"\xff"), Until(b"UTF-8")),
    "unknown type": (*_READY, _message("hello"), Until(b"Unknown message type")),
    "parts of a message": (*_READY, frame(b'{"type":', last=False), frame(b'"ping"}', Opcode.CONT), Until(b"pong")),
    "close frame": (*_READY, _subscribe("1"), _EVENTS, frame(b"\x03\xe8", Opcode.CLOSE), Until(b"\x88")),
    "unknown protocol": (UPGRADE + b"\r\n", Until(b"not acceptable")),
    "page of another site": (UPGRADE + b"Origin: http://evil.example\r\n\r\n", Until(b" 403 ")),
    "unknown host": (UPGRADE.replace(b"localhost", b"evil.example") + b"\r\n", Until(b" 421 ")),
    "long line": (UPGRADE + b"X-Long: " + b"x" * 9000 + b"\r\n\r\n", Until(b" 431 ")),
    "path with any bytes": (UPGRADE.replace(b"/graphql", b"/\xff\xfe") + b"\r\n", Until(b" 400 ")),
}


def unanswered(port: int, conversation: str) -> list[Step]:
    """Take part in a whole conversation, and return the texts that have not arrived."""
    with _writing(port), connect(port) as connection:
        return [step for step in CONVERSATIONS[conversation] if not _do(connection, step)]


@dataclass(frozen=True)
class Departure:
    """How a client leaves: in which step, how much of that step it has sent, and after which time."""

    conversation: str
    step: int
    part: float
    way: Way
    pause_seconds: float = 0.0

    def run(self, port: int) -> None:
        """Take part in the conversation up to the step, and leave."""
        steps = CONVERSATIONS[self.conversation]
        with connect(port) as connection, suppress(ConnectionError):
            for step in steps[: self.step]:
                _do(connection, step)
            last = steps[self.step]
            if self.part == 1.0:
                _do(connection, last)
            elif isinstance(last, bytes):
                connection.sendall(last[: round(len(last) * self.part)])
            time.sleep(self.pause_seconds)
            _leave(connection, self.way)


def departures() -> Iterator[Departure]:
    """Yield each way to leave in the middle and at the end of each step."""
    for name, steps in CONVERSATIONS.items():
        for number, step in enumerate(steps):
            for part in (0.5, 1.0) if isinstance(step, bytes) else (1.0,):
                for way in get_args(Way):
                    yield Departure(name, number, part, way)


def any_departure(chance: random.Random) -> Departure:
    """Return a client that leaves at any byte, up to 20 ms later."""
    name = chance.choice(list(CONVERSATIONS))
    step, pause = chance.randrange(len(CONVERSATIONS[name])), chance.choice([0.0, chance.uniform(0, MAX_PAUSE_SECONDS)])
    return Departure(name, step, chance.choice([1.0, chance.random()]), chance.choice(get_args(Way)), pause)


def leave_all(port: int, leaving: Iterator[Departure]) -> int:
    """Let clients leave, four at a time, while another one writes. Return their number."""
    with _writing(port), ThreadPoolExecutor(CONCURRENCY) as threads:
        return len(list(threads.map(lambda each: each.run(port), leaving)))


def leaving_campaign(port: int, count: int, seed: int, report: Report) -> int:
    """Let clients leave at random, and record what the service still holds for them. Return their number."""
    chance = random.Random(seed)
    left = leave_all(port, (any_departure(chance) for _ in range(count)))
    if not until(lambda: in_use(port) == {}):
        report.findings.append(f"held for clients that have left: {in_use(port)}")
    return left


def in_use(port: int) -> dict[str, float]:
    """Return what the service holds for clients by the name of its metric: streams, subscriptions, and requests."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    connection.request("GET", "/metrics")
    families = text_string_to_metric_families(connection.getresponse().read().decode())
    connection.close()
    samples = {sample.name: sample.value for family in families for sample in family.samples}
    held = ("millitask_streams", "millitask_subscriptions", *(name for name in samples if name.endswith("_in_flight")))
    return {name: samples[name] for name in held if samples[name]}


@contextmanager
def _writing(port: int) -> Iterator[None]:
    """Create tasks during the block, so that subscriptions have events."""
    over = threading.Event()

    def write() -> None:
        with connect(port) as connection:
            while not over.wait(WRITE_PAUSE_SECONDS):
                connection.sendall(CREATE)
                response(connection)

    with ThreadPoolExecutor(1) as thread:
        writing = thread.submit(write)
        try:
            yield
        finally:
            over.set()
        writing.result()


def _do(connection: socket.socket, step: Step) -> bool:
    """Take a step, and return whether the service has answered as expected."""
    if isinstance(step, bytes):
        connection.sendall(step)
        return True
    received = b""
    while step.text not in received and (part := connection.recv(2**16)):
        received = received[-len(step.text) :] + part
    return step.text in received


def _leave(connection: socket.socket, way: Way) -> None:
    """Leave. Raises TimeoutError if the service keeps a connection on which the client sends nothing more."""
    if way == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif way == "half close":
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(2**16):
            pass
