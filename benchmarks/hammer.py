"""A client that sends what it can: `python -m benchmarks.hammer PORT TOKEN CONNECTIONS SECONDS`.

Prints the number of responses, and of those with an error.
"""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import uvloop

from benchmarks.http_load import drive, post
from benchmarks.report import ROOT

PAGE = b'{"query":"{ tasks(first: 50) { totalCount nodes { id title status priority createdAt version } } }"}'


def page_request(token: str) -> bytes:
    """Return the bytes of a request for the first page of the caller's workspace."""
    return post(PAGE).replace(b"\r\n", b"\r\nAuthorization: Bearer " + token.encode() + b"\r\n", 1)


@contextmanager
def hammering(port: int, token: str, connections: int, seconds: float) -> Iterator[subprocess.Popen[bytes]]:
    """Run the client in a process of its own during the block, and for so many seconds at least."""
    command = [sys.executable, "-m", "benchmarks.hammer", str(port), token, str(connections), str(seconds)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        process.wait(seconds + 60)


if __name__ == "__main__":
    port, token, connections, seconds = sys.argv[1:]
    requests = itertools.repeat(page_request(token))
    sent = uvloop.run(drive(int(port), requests, connections=int(connections), seconds=float(seconds), tolerant=True))
    sys.stdout.write(f"{sent.requests} {sent.failed}")
