"""Runs blocking network calls in a thread, for transfers that a busy event loop would slow down."""

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")


async def run_blocking(call: Callable[[], Result], descriptor: int) -> Result:
    """Run a call that blocks on a socket in a thread, and return its result.

    If the caller is cancelled, the socket is shut down, so that the call fails at once. The caller must not use the
    connection afterwards.
    """
    running = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        _shut_down(descriptor)
        await asyncio.gather(running, return_exceptions=True)
        raise


def _shut_down(descriptor: int) -> None:
    # A duplicate, because closing the object must not close the descriptor of the connection.
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as duplicate:
        duplicate.shutdown(socket.SHUT_RDWR)
