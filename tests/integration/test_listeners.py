"""Tests the sockets on which the workers listen."""

import select
import socket
from contextlib import suppress

import pytest

from api.config.settings import Settings
from api.process.listeners import open_listeners
from tests.support.service_process import free_port


@pytest.mark.parametrize("workers", [1, 2])
def test_a_connection_holds_little_that_was_not_read(workers: int) -> None:
    listeners = open_listeners(Settings(port=free_port(), workers=workers))
    with socket.create_connection(listeners[0].getsockname()) as client:
        [ready] = select.select(listeners, [], [], 5)[0]
        accepted, _ = ready.accept()
        with accepted:
            client.setblocking(False)
            with suppress(BlockingIOError):
                while True:  # until the buffers are full
                    client.send(b"x" * 65_536)
            assert 0 < len(accepted.recv(2**20)) <= 2**17
    for listener in listeners:
        listener.close()
