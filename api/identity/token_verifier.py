"""Verification of JSON Web Tokens: signature, issuer, audience and times."""

import hashlib
import time
from base64 import urlsafe_b64decode
from collections.abc import Collection, Mapping
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jws import JWSRegistry
from msgspec import Struct

from api.graphql.json_text import NotJson, decode_json
from api.identity.errors import InvalidCredential
from api.identity.provider import Provider

# Longer tokens are refused unread. All headers of a request have 16 KiB by default.
MAX_TOKEN_CHARACTERS = 8192
MAX_VERIFIED_TOKENS = 10_000
# Tokens with larger numbers for a time are refused: such a time is no date.
_MAX_TIME = 253_402_300_799
_MALFORMED = "The token is not a valid JSON Web Token."


class VerifiedToken(Struct, frozen=True, gc=False):
    """The claims of a token whose signature, issuer, audience and times were verified."""

    issuer: str
    subject: str
    expires_at: float
    claims: Mapping[str, Any]


class _Remembered(Struct, gc=False):
    token: VerifiedToken
    generation: int


class _Algorithms(JWSRegistry):
    """The allowed signature algorithms. Unlike the base class, an empty list allows none."""

    max_header_length = MAX_TOKEN_CHARACTERS

    def get_alg(self, name: str) -> Any:
        """Return an allowed algorithm."""
        if name not in (self.allowed or ()) or name not in self.algorithms:
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


class TokenVerifier:
    """Verifies tokens of the given providers. A token is verified once, and remembered until its keys change.

    leeway: the tolerated difference of clocks in seconds.
    """

    def __init__(self, providers: Mapping[str, Provider], algorithms: Collection[str], leeway: int) -> None:
        self._providers = providers
        # RFC 9864 gives EdDSA with this curve a name of its own.
        allowed = frozenset(algorithms) | ({"Ed25519"} if "EdDSA" in algorithms else frozenset())
        self._registry = _Algorithms(algorithms=allowed, strict_check_header=False)
        self._leeway = leeway
        self._remembered: dict[bytes, _Remembered] = {}

    async def verify(self, token: str, audiences: Collection[str]) -> VerifiedToken:
        """Return a token that is valid for one of the audiences. Raises `InvalidCredential`, `IdentityUnavailable`."""
        digest = hashlib.sha256(token.encode(errors="replace")).digest()
        remembered = self._remembered.get(digest)
        if remembered is not None:
            verified = remembered.token
            if remembered.generation == self._providers[verified.issuer].generation:
                self._check_times(verified.claims)
                self._check_audience(verified.claims, audiences)
                return verified
            del self._remembered[digest]
        verified, generation = await self._verify(token)
        self._check_audience(verified.claims, audiences)
        while len(self._remembered) >= MAX_VERIFIED_TOKENS:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[digest] = _Remembered(verified, generation)
        return verified

    async def _verify(self, token: str) -> tuple[VerifiedToken, int]:
        if len(token) > MAX_TOKEN_CHARACTERS or not token.isascii():
            raise InvalidCredential(f"A token has at most {MAX_TOKEN_CHARACTERS:,} ASCII characters.")
        header, claims = _unverified(token)
        # Checks without a key come first, so that most wrong tokens cost no signature and no fetch.
        if header.get("alg") not in (self._registry.allowed or ()):
            raise InvalidCredential("The token is signed by an algorithm that is not accepted.")
        if "crit" in header:
            raise InvalidCredential("The token has critical headers, which are not supported.")
        kid = header.get("kid")
        if kid is not None and not isinstance(kid, str):
            raise InvalidCredential(_MALFORMED)
        issuer = claims.get("iss")
        provider = self._providers.get(issuer) if isinstance(issuer, str) else None
        if provider is None:
            raise InvalidCredential("The issuer of the token is not accepted.")
        self._check_times(claims)
        key, generation = await provider.signing_key(kid)
        if key is None:
            raise InvalidCredential("The token is signed by a key that its issuer does not list.")
        try:
            signed = jws.deserialize_compact(token.encode(), key, registry=self._registry)
        except (JoseError, ValueError, TypeError):
            raise InvalidCredential("The signature of the token is not valid.") from None
        claims = _decoded_object(signed.payload or b"")  # exactly the signed bytes
        self._check_times(claims)
        subject = claims.get("sub")
        # Logs show the subject and the database stores it, so it must not break a line or a text.
        if (
            not isinstance(subject, str)
            or not 1 <= len(subject) <= 255
            or not subject.isprintable()
            or claims.get("iss") != provider.issuer
        ):
            raise InvalidCredential(
                "The token has no subject of 1 to 255 characters that can be shown, or its issuer is not accepted."
            )
        return VerifiedToken(provider.issuer, subject, float(claims["exp"]), claims), generation

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now = time.time()
        expires = _time(claims, "exp")
        if expires is None:
            raise InvalidCredential("The token has no expiry time.")
        if now >= expires + self._leeway:
            raise InvalidCredential("The token has expired.")
        for name in ("iat", "nbf"):
            begins = _time(claims, name)
            if begins is not None and now < begins - self._leeway:
                raise InvalidCredential("The token is not valid yet. Compare the clocks of the issuer and the service.")

    @staticmethod
    def _check_audience(claims: Mapping[str, Any], audiences: Collection[str]) -> None:
        given = claims.get("aud")
        listed = given if isinstance(given, list) else [given]
        if not any(isinstance(item, str) and item in audiences for item in listed):
            raise InvalidCredential("The token is for another audience.")


def _unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the header and the claims of a token before anything is verified."""
    parts = token.split(".")
    if len(parts) != 3:
        raise InvalidCredential(_MALFORMED)
    return _decoded_object(_decoded_part(parts[0])), _decoded_object(_decoded_part(parts[1]))


def _decoded_part(part: str) -> bytes:
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise InvalidCredential(_MALFORMED) from None


def _decoded_object(text: bytes) -> dict[str, Any]:
    try:
        decoded = decode_json(text)
    except NotJson:
        decoded = None
    if not isinstance(decoded, dict):
        raise InvalidCredential(_MALFORMED)
    return decoded


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    """Return a time of the claims in seconds since 1970. None if the claim is absent."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MAX_TIME:
        raise InvalidCredential(f"The claim {name} of the token is not a time.")
    return float(value)
