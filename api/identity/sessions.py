"""Sessions of people in a browser: an encrypted cookie says who has signed in, and every request checks it."""

import hashlib
import secrets
import time
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from api.graphql.request import RequestError
from api.identity.directory import Directory
from api.identity.errors import InvalidCredential
from api.identity.oidc import OidcMethod, actor_of, name_of, scopes_of
from api.identity.session_secrets import SessionSecrets
from api.identity.token_verifier import VerifiedToken
from api.identity.tokens import ApiTokens, check_workspace
from db.caller import SCOPES, Caller
from db.token_text import token_hash

# Browsers keep cookies of 4,096 bytes, with the name and the attributes.
MAX_COOKIE_CHARACTERS = 3800
MAX_REMEMBERED = 10_000
_NOT_VALID = "The session is not valid. Sign in again."


class Session(Struct, frozen=True):
    """The content of a cookie. A session has an API token (`token`: its hash), or a person of an issuer.

    csrf: what the header X-CSRF-Token must be. expires_at: in seconds since 1970.
    """

    csrf: str
    expires_at: float
    token: bytes = b""
    issuer: str = ""
    actor: str = ""
    name: str = ""
    workspace: str = ""
    workspaces: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "Session(…)"


class Sessions:
    """Creates sessions, and finds their callers."""

    def __init__(
        self,
        secrets_: SessionSecrets,
        directory: Directory,
        tokens: ApiTokens | None,
        oidc: OidcMethod | None,
        hours: int,
        scopes_claim: str,
    ) -> None:
        self._secrets = secrets_
        self._directory = directory
        self._tokens = tokens
        self._oidc = oidc
        self._seconds = hours * 3600.0
        self._scopes_claim = scopes_claim
        self._remembered: dict[bytes, Session] = {}
        self._generation = 0

    async def sign_in(self, token: str) -> Session:
        """Return a session of the API token or JSON Web Token. Raises `RequestError` if it is not valid."""
        if self._tokens is not None and self._tokens.accepts(token):
            caller = await self._tokens.caller(token)
            expires = float("inf") if caller.expires_at is None else caller.expires_at.timestamp()
            return Session(_new_csrf(), min(expires, time.time() + self._seconds), token=token_hash(token))
        if self._oidc is not None and self._oidc.accepts(token):
            await self._oidc.caller(token)
            verified = await self._oidc.verifier.verify(token, self._oidc.audiences)
            session = self.of_person(verified)
            return replace(session, expires_at=min(session.expires_at, verified.expires_at))
        raise InvalidCredential("The token is not of a kind that this service accepts.")

    def of_person(self, token: VerifiedToken) -> Session:
        """Return a session of the person whom a verified token names. Raises `InvalidCredential`."""
        assert self._oidc is not None
        workspaces = self._oidc.workspaces_of(token)
        return Session(
            _new_csrf(),
            time.time() + self._seconds,
            issuer=token.issuer,
            actor=actor_of(token),
            name=name_of(token.claims),
            workspace=workspaces[0],
            workspaces=tuple(workspaces),
            scopes=tuple(sorted(scopes_of(token.claims, self._scopes_claim))),
        )

    def cookie(self, session: Session) -> str:
        """Return the value of the cookie. Raises `InvalidCredential` if it would be too long for browsers."""
        content: dict[str, Any] = {name: getattr(session, name) for name in Session.__struct_fields__}
        content["token"] = b64encode(session.token).decode()
        cookie = self._secrets.encrypt({name: value for name, value in content.items() if value})
        if len(cookie) > MAX_COOKIE_CHARACTERS:
            raise InvalidCredential("The token names too many workspaces for a session. Use a token with fewer.")
        return cookie

    def read(self, cookie: str) -> Session:
        """Return the session of a cookie. Raises `InvalidCredential`."""
        if len(cookie) > MAX_COOKIE_CHARACTERS:
            raise InvalidCredential(_NOT_VALID)
        self._secrets.look()
        if self._generation != self._secrets.generation:  # a secret may have been removed
            self._remembered.clear()
            self._generation = self._secrets.generation
        digest = hashlib.sha256(cookie.encode(errors="replace")).digest()
        session = self._remembered.get(digest)
        if session is None:
            session = _session_of(self._secrets.decrypt(cookie))
            while len(self._remembered) >= MAX_REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
            self._remembered[digest] = session
        if time.time() >= session.expires_at:
            raise InvalidCredential("The session has expired. Sign in again.")
        return session

    def csrf_of(self, cookie: str) -> str:
        """Return the value that the header X-CSRF-Token must have. Raises `InvalidCredential`."""
        return self.read(cookie).csrf

    async def caller(self, cookie: str) -> Caller:
        """Return the caller who is signed in. Raises `RequestError`."""
        return await self.caller_of(self.read(cookie))

    async def caller_of(self, session: Session) -> Caller:
        """Return the caller of a session. Raises `RequestError`, for example if its token was revoked."""
        if session.token:
            if self._tokens is None:
                raise InvalidCredential(_NOT_VALID)
            return await self._tokens.caller_of(session.token)
        if self._oidc is None or session.issuer not in self._oidc.providers:
            raise InvalidCredential(_NOT_VALID)
        # The settings may have changed since the sign-in.
        trust = self._oidc.trust
        if not trust.allows(session.issuer, session.workspace):
            raise InvalidCredential(_NOT_VALID)
        await check_workspace(self._directory, session.workspace)
        given = frozenset(scope for scope in SCOPES if scope in session.scopes)
        scopes = trust.scopes(session.issuer, session.workspace, given)
        expires_at = datetime.fromtimestamp(session.expires_at, UTC)
        return Caller(session.actor, session.workspace, scopes, session.name, expires_at)

    async def switched(self, session: Session, workspace: str) -> Session:
        """Return the session in another workspace of the same person. Raises `RequestError`."""
        if workspace not in session.workspaces:
            raise RequestError(403, "The session does not allow this workspace.", "FORBIDDEN")
        changed = replace(session, workspace=workspace)
        await self.caller_of(changed)
        return changed


def _session_of(content: dict[str, Any]) -> Session:
    try:
        fields = {**content, "token": b64decode(content.get("token", ""))}
        for name in ("workspaces", "scopes"):
            fields[name] = tuple(content.get(name, ()))
        return Session(**fields)
    except (TypeError, ValueError):  # of another version of the service, or no session at all
        raise InvalidCredential(_NOT_VALID) from None


def _new_csrf() -> str:
    return secrets.token_urlsafe(32)
