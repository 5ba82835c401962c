"""Callers with a JSON Web Token of an OpenID provider."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self, cast

from api.config.identity import IdentitySettings
from api.identity.directory import Directory
from api.identity.errors import InvalidCredential
from api.identity.fetch import ProviderClient
from api.identity.issuer_trust import IssuerTrust
from api.identity.provider import Provider
from api.identity.token_verifier import TokenVerifier, VerifiedToken
from api.identity.tokens import check_workspace
from db.caller import SCOPES, Caller, Scope, is_workspace_id

# The claims that name a person, best first.
_NAMES = ("name", "preferred_username", "email")
_MAX_NAME_CHARACTERS = 200
# A token with more workspaces is used for the first ones.
MAX_WORKSPACES = 100


class OidcMethod:
    """Identifies the callers that have a token of one of the issuers in the settings."""

    def __init__(self, settings: IdentitySettings, directory: Directory) -> None:
        self._settings = settings
        self._directory = directory
        self.audiences = settings.audiences
        self.trust = IssuerTrust(settings)
        self.client = ProviderClient()
        self.providers = {issuer: Provider(issuer, self.client) for issuer in settings.issuers}
        self.verifier = TokenVerifier(self.providers, settings.algorithms, settings.oidc_leeway_seconds)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()

    def accepts(self, credential: str) -> bool:
        """Return whether the credential looks like a JSON Web Token."""
        return credential.count(".") == 2

    async def caller(self, credential: str) -> Caller:
        """Return the caller who has this token. Raises `RequestError`."""
        token = await self.verifier.verify(credential, self.audiences)
        caller = self.caller_of(token)
        await check_workspace(self._directory, caller.workspace)
        return caller

    def caller_of(self, token: VerifiedToken, workspace: str | None = None) -> Caller:
        """Return the caller of a verified token in a workspace of the token: the first one if None."""
        workspaces = self.workspaces_of(token)
        if workspace is not None and workspace not in workspaces:
            raise InvalidCredential("The token does not name this workspace.")
        workspace = workspace or workspaces[0]
        given = scopes_of(token.claims, self._settings.oidc_scopes_claim)
        return Caller(
            actor=actor_of(token),
            workspace=workspace,
            scopes=self.trust.scopes(token.issuer, workspace, given),
            name=name_of(token.claims),
            expires_at=datetime.fromtimestamp(token.expires_at, UTC),
        )

    def workspaces_of(self, token: VerifiedToken) -> list[str]:
        """Return the ids of the workspaces that a token names. Raises `InvalidCredential` if there are none.

        What cannot be an id is left out, because PostgreSQL does not take every text.
        """
        claim = self._settings.oidc_workspace_claim
        given = token.claims.get(claim)
        listed = given if isinstance(given, list) else [given]
        ids = [item for item in listed[:MAX_WORKSPACES] if isinstance(item, str) and is_workspace_id(item)]
        if not ids:
            raise InvalidCredential(
                f"The token names no workspace: its claim {claim} is missing or has no id of a workspace."
            )
        if not (found := [id_ for id_ in ids if self.trust.allows(token.issuer, id_)]):
            raise InvalidCredential("The token names only workspaces that its issuer may not name.")
        return found


def actor_of(token: VerifiedToken) -> str:
    """Return the stable id of a person or a program: the subject, unique for its issuer."""
    return f"{token.issuer}#{token.subject}"


def scopes_of(claims: Mapping[str, Any], claim: str) -> frozenset[Scope]:
    """Return the known scopes of a claim: a list, or a text with spaces."""
    given = claims.get(claim)
    listed = given.split() if isinstance(given, str) else given if isinstance(given, list) else []
    return frozenset(cast("Scope", item) for item in listed if item in SCOPES)


def name_of(claims: Mapping[str, Any]) -> str:
    """Return the name of a person, or an empty text. What cannot be shown, such as a line break, is left out."""
    found = next((claims[name] for name in _NAMES if isinstance(claims.get(name), str) and claims[name]), "")
    return "".join(filter(str.isprintable, cast("str", found)[:_MAX_NAME_CHARACTERS]))
