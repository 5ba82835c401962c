"""Clients that do what HTTP libraries do not: send parts of requests, and read nothing."""

import json
import socket
import struct
from contextlib import suppress
from typing import Any

from websockets.frames import Opcode

TIMEOUT_SECONDS = 30.0
HEAD = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def connect(port: int) -> socket.socket:
    """Return a connection to the service."""
    return socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)


def post(document: str, **variables: Any) -> bytes:
    """Return the bytes of a whole request."""
    body = json.dumps({"query": document, "variables": variables}, ensure_ascii=False).encode()
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body


def frame(data: bytes, opcode: Opcode = Opcode.TEXT, *, last: bool = True) -> bytes:
    """Return a frame of a WebSocket client, with a mask that changes nothing."""
    return struct.pack("!BBQL", last << 7 | opcode, 0x80 | 127, len(data), 0) + data


def send_all(connection: socket.socket, part: bytes, times: int = 1) -> None:
    """Send a part repeatedly, until all of it is sent or the server has closed the connection."""
    with suppress(OSError):
        for _ in range(times):
            connection.sendall(part)


def response(connection: socket.socket) -> tuple[int, Any]:
    """Return the status and the decoded body of the next response."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _received(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split()[0])
    while len(body) < length:
        body += _received(connection)
    return int(head.split()[1]), json.loads(body) if body else None


def _received(connection: socket.socket) -> bytes:
    part = connection.recv(2**20)
    assert part, "the server closed the connection"
    return part


def code_of(answer: tuple[int, Any]) -> tuple[int, str]:
    """Return the status and the code of the only error."""
    status, body = answer
    [error] = body["errors"]
    return status, error["extensions"]["code"]


def is_page_of(count: int, answer: tuple[int, Any]) -> bool:
    """Check that a request found a slot, and return whether its answer is a page.

    If the lease on the gate lapses on a busy machine, PostgreSQL answers in place of Redis, and waits for the lock.
    """
    status, body = answer
    assert status == 200
    assert {error["extensions"]["code"] for error in body.get("errors", ())} <= {"UNAVAILABLE"}
    return "errors" not in body and len(body["data"]["tasks"]["nodes"]) == count


def is_closed(connection: socket.socket) -> bool:
    """Return whether the server has closed the connection. What it sent before is discarded."""
    connection.setblocking(False)
    try:
        while connection.recv(2**20):
            pass
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True
