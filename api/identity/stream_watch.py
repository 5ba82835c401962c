"""Ends the streams of callers who may no longer connect: expired, revoked or suspended ones."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import structlog
from msgspec import Struct

from api.graphql.request import RequestError
from api.identity.authenticator import Authenticator, Credential
from db.caller import Caller

log = structlog.get_logger(__name__)
# The knowledge of a credential is at most 4 s old, so a stream ends within 5 s.
CHECK_SECONDS = 1.0
# Credentials that are checked at once. Unknown ones share a statement.
_CHECKED_AT_ONCE = 200


class _OpenStream(Struct, eq=False):
    """A stream, and the function that ends it for a reason. Compared by identity."""

    caller: Caller
    end: Callable[[str], None]


class StreamWatch:
    """Knows the open streams of a worker by credential, and checks each credential once a second."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator
        self._open: dict[Credential, list[_OpenStream]] = {}

    @contextmanager
    def watching(self, credential: Credential | None, caller: Caller, end: Callable[[str], None]) -> Iterator[None]:
        """Call `end` with a reason when the caller may no longer have a stream. Without a credential, never."""
        if credential is None:
            yield
            return
        stream = _OpenStream(caller, end)
        self._open.setdefault(credential, []).append(stream)
        try:
            yield
        finally:
            streams = self._open[credential]
            streams.remove(stream)
            if not streams:
                del self._open[credential]

    async def run(self) -> None:
        """Check until cancelled."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                await self.check()
            except Exception:
                log.exception("cannot check the open streams")

    async def check(self) -> None:
        """End the streams of all callers who may no longer have one."""
        credentials = list(self._open)
        for start in range(0, len(credentials), _CHECKED_AT_ONCE):
            await asyncio.gather(*map(self._check, credentials[start : start + _CHECKED_AT_ONCE]))

    async def _check(self, credential: Credential) -> None:
        caller, reason = None, ""
        try:
            caller = await self._authenticator.caller_of(credential)
        except RequestError as error:
            # While the service cannot tell, streams stay open until their credential expires.
            if error.status < 500:
                reason = str(error)
        for stream in list(self._open.get(credential, ())):
            if ended := reason or _difference(stream.caller, caller):
                with suppress(Exception):
                    stream.end(ended)


def _difference(before: Caller, now: Caller | None) -> str:
    """Return why a stream cannot continue, or an empty text."""
    if now is not None and (now.workspace, now.scopes) != (before.workspace, before.scopes):
        return "The rights of the caller have changed. Connect again."
    if now is None and before.expires_at is not None and before.expires_at <= datetime.now(UTC):
        return "The token has expired."
    return ""
