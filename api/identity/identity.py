"""The parts that identify callers, as the settings turn them on."""

import asyncio
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from api.config.settings import Settings
from api.identity.authenticator import Authenticator, Method
from api.identity.directory import Directory
from api.identity.oidc import OidcMethod
from api.identity.stream_watch import StreamWatch
from api.identity.tokens import ApiTokens
from db.pool import Database


class Identity:
    """Identifies the callers of a worker. `async with` runs the background work, if callers are identified at all."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.directory = Directory(database)
        self.tokens = ApiTokens(self.directory) if "tokens" in settings.identity_methods else None
        self.oidc = OidcMethod(settings, self.directory) if "oidc" in settings.identity_methods else None
        methods: list[Method] = [method for method in (self.tokens, self.oidc) if method is not None]
        self.authenticator = Authenticator(*methods, required=bool(settings.identity_methods))
        self.watch = StreamWatch(self.authenticator)
        self._running = AsyncExitStack()

    async def __aenter__(self) -> Self:
        if self.authenticator.required:
            await self._running.enter_async_context(self.directory)
        if self.oidc is not None:
            await self._running.enter_async_context(self.oidc)
        if self.authenticator.required:
            watching = asyncio.create_task(self.watch.run())
            self._running.callback(watching.cancel)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.__aexit__(kind, error, trace)
