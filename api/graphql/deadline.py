"""The end of an operation that takes too long, or whose client has disconnected."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any

# A faster operation never looks whether its client is still connected. It costs one timer.
WATCH_AFTER_SECONDS = 0.05

# Returns when the client of a request has disconnected.
Disconnect = Callable[[], Awaitable[None]]


class ClientDisconnected(Exception):
    """The client disconnected, so nobody receives the response."""


class Deadline:
    """A context manager that cancels its block after a time limit, or when the client has disconnected.

    The block then raises TimeoutError or `ClientDisconnected`. A disconnect cancels only while `may_cancel` returns
    true. Works like `asyncio.timeout`, with one timer for both.
    """

    __slots__ = ("_cancelling", "_disconnect", "_may_cancel", "_reason", "_seconds", "_task", "_timer", "_watcher")

    def __init__(self, seconds: float, disconnect: Disconnect | None, may_cancel: Callable[[], bool]) -> None:
        self._seconds = seconds
        self._disconnect = disconnect
        self._may_cancel = may_cancel
        self._reason: Exception | None = None
        self._watcher: asyncio.Task[None] | None = None

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task: asyncio.Task[Any] = task
        self._cancelling = task.cancelling()
        loop = task.get_loop()
        if self._disconnect is None or self._seconds <= WATCH_AFTER_SECONDS:
            self._timer = loop.call_later(self._seconds, self._expire)
        else:
            self._timer = loop.call_later(WATCH_AFTER_SECONDS, self._watch, self._disconnect)

    def __exit__(
        self, type_: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        # Neither the watcher nor the reason is kept: their tracebacks refer to this object, and so to the request.
        watcher, self._watcher = self._watcher, None
        reason, self._reason = self._reason, None
        if watcher is not None:
            watcher.cancel()
        if reason is not None and self._task.uncancel() <= self._cancelling and type_ is asyncio.CancelledError:
            try:
                raise reason from error
            finally:
                del reason

    def _watch(self, disconnect: Disconnect) -> None:
        loop = self._task.get_loop()
        self._timer = loop.call_later(self._seconds - WATCH_AFTER_SECONDS, self._expire)
        self._watcher = loop.create_task(self._cancel_after(disconnect))

    async def _cancel_after(self, disconnect: Disconnect) -> None:
        await disconnect()
        if self._may_cancel():
            self._cancel(ClientDisconnected())

    def _expire(self) -> None:
        self._cancel(TimeoutError())

    def _cancel(self, reason: Exception) -> None:
        if self._reason is None:
            self._reason = reason
            self._task.cancel()
