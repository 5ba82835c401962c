"""Runs blocking network calls in a thread, for transfers that a busy event loop would slow down."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")

# How long a call may take to end after its caller was cancelled.
PATIENCE_SECONDS = 5.0


async def run_blocking(
    call: Callable[[], Result],
    descriptor: int,
    interrupt: Callable[[], Awaitable[object]] | None = None,
    *,
    patience: float = PATIENCE_SECONDS,
) -> Result:
    """Run a call that blocks on a socket in a thread, and return its result.

    If the caller is cancelled, `interrupt` asks the server to end the call. If the call has not ended `patience`
    seconds later, the socket is shut down: the call fails at once, the connection cannot be used any more, and the
    server may still execute what it has received.
    """
    running = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        try:
            if interrupt is not None:
                with suppress(Exception):
                    await interrupt()
            await asyncio.wait({running}, timeout=patience)
        finally:
            if not running.done():
                shut_down(descriptor)
            await asyncio.gather(running, return_exceptions=True)
        raise


def shut_down(descriptor: int) -> None:
    """End the connection of a socket, so that its reader gets an error."""
    # A duplicate, because closing the object must not close the descriptor of the connection.
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as duplicate:
        duplicate.shutdown(socket.SHUT_RDWR)
