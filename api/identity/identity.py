"""The parts that identify callers, as the settings turn them on."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from api.config.settings import Settings
from api.identity.attempts import Attempts
from api.identity.authenticator import Authenticator, Method
from api.identity.directory import Directory
from api.identity.errors import IdentityUnavailable
from api.identity.oidc import OidcMethod
from api.identity.session_audit import SessionAudit
from api.identity.session_secrets import SessionSecrets, secrets_file
from api.identity.sessions import Sessions
from api.identity.sign_in import SignIn
from api.identity.stream_watch import StreamWatch
from api.identity.tokens import ApiTokens
from db.errors import DatabaseError
from db.pool import Database
from db.workspace_name import read_workspace_names


class Identity:
    """Identifies the callers of a worker. `async with` runs the background work, if callers are identified at all."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.directory = Directory(database)
        self.tokens = ApiTokens(self.directory) if "tokens" in settings.identity_methods else None
        self.oidc = OidcMethod(settings, self.directory) if "oidc" in settings.identity_methods else None
        methods: list[Method] = [method for method in (self.tokens, self.oidc) if method is not None]
        secrets = SessionSecrets(secrets_file(settings))
        self.sessions = Sessions(
            secrets, self.directory, self.tokens, self.oidc, settings.session_hours, settings.oidc_scopes_claim
        )
        self.sign_in = SignIn(settings, self.oidc, secrets) if self.oidc is not None else None
        self.attempts = Attempts()
        self.audit = SessionAudit(database)
        self.authenticator = Authenticator(
            *methods,
            sessions=self.sessions,
            required=bool(settings.identity_methods),
            public_url=settings.public_url,
        )
        self._database = database
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

    async def workspace_names(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the names of the workspaces that are active, by id. Raises `IdentityUnavailable`."""
        try:
            async with self._database.connection() as connection:
                return await read_workspace_names(connection, ids)
        except DatabaseError as error:
            raise IdentityUnavailable(str(error)) from error
