"""An OpenID provider: its endpoints and its signing keys, fetched by discovery and kept for a while."""

import asyncio
import time
from typing import Any

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key
from msgspec import Struct

from api.identity.errors import IdentityUnavailable
from api.identity.fetch import FetchFailed, ProviderClient

log = structlog.get_logger(__name__)
# Keys are fetched again in the background after the first time, so that keys that the provider withdraws are dropped.
# After the second, they are no longer used.
_REFRESH_SECONDS, _VALID_SECONDS = 300.0, 3600.0
# The shortest time between two fetches: an unknown `kid` costs at most one fetch in this time.
MIN_FETCH_SECONDS = 10.0
MAX_KEYS = 64
_KEY_TYPES = ("RSA", "EC", "OKP")


class Metadata(Struct, frozen=True):
    """The endpoints of a provider, and its public keys for signatures by id."""

    authorization_endpoint: str
    token_endpoint: str
    keys: tuple[Key, ...]
    # Changes whenever the keys change.
    generation: int

    def key(self, kid: str | None) -> Key | None:
        """Return the key with this id. Without an id, return the only key."""
        if kid is None:
            return self.keys[0] if len(self.keys) == 1 else None
        return next((key for key in self.keys if key.get("kid") == kid), None)


class Provider:
    """One OpenID provider. A failed fetch is not repeated before `MIN_FETCH_SECONDS`, so that requests fail fast."""

    def __init__(self, issuer: str, client: ProviderClient) -> None:
        self.issuer = issuer
        self._client = client
        self._metadata: Metadata | None = None
        self._fetched_at = self._tried_at = -_VALID_SECONDS
        self._fetching: asyncio.Task[None] | None = None
        self._problem = ""

    async def metadata(self) -> Metadata:
        """Return the endpoints and keys, fetched if necessary. Raises `IdentityUnavailable`."""
        now = time.monotonic()
        if self._metadata is None or now - self._fetched_at > _VALID_SECONDS:
            await self._fetch()
        elif now - self._fetched_at > _REFRESH_SECONDS and self._may_fetch(now):
            self._start_fetching()
        if self._metadata is None or now - self._fetched_at > _VALID_SECONDS:
            raise IdentityUnavailable(f"The keys of {self.issuer} are not available: {self._problem}. Try again.")
        return self._metadata

    async def signing_key(self, kid: str | None) -> tuple[Key | None, int]:
        """Return the key with this id, fetched again if it is unknown, and the generation of the keys."""
        metadata = await self.metadata()
        if (key := metadata.key(kid)) is None and kid is not None:
            await self._fetch()
            metadata = await self.metadata()
            key = metadata.key(kid)
        return key, metadata.generation

    @property
    def generation(self) -> int:
        """The generation of the keys that were fetched last."""
        return 0 if self._metadata is None else self._metadata.generation

    def _may_fetch(self, now: float) -> bool:
        return self._fetching is None and now - self._tried_at >= MIN_FETCH_SECONDS

    def _start_fetching(self) -> "asyncio.Task[None]":
        if self._fetching is None:
            self._tried_at = time.monotonic()
            self._fetching = asyncio.create_task(self._fetch_once())
        return self._fetching

    async def _fetch(self) -> None:
        """Fetch once for all callers, unless the last fetch was too recent."""
        if self._fetching is not None or self._may_fetch(time.monotonic()):
            await asyncio.shield(self._start_fetching())

    async def _fetch_once(self) -> None:
        try:
            document = await self._client.get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            if document.get("issuer") != self.issuer:
                raise FetchFailed("its discovery document names another issuer")
            keys = _read_keys(await self._client.get(_text(document, "jwks_uri")))
            known = self._metadata
            same = known is not None and [key.as_dict() for key in known.keys] == [key.as_dict() for key in keys]
            self._metadata = Metadata(
                str(document.get("authorization_endpoint", "")),
                str(document.get("token_endpoint", "")),
                keys,
                self.generation if same else self.generation + 1,
            )
            self._fetched_at = time.monotonic()
        except FetchFailed as error:
            self._problem = str(error)
            log.warning("provider keys not fetched", issuer=self.issuer, reason=self._problem)
        finally:
            self._fetching = None


def _text(document: dict[str, Any], name: str) -> str:
    if not isinstance(value := document.get(name), str):
        raise FetchFailed(f"its discovery document has no {name}")
    return value


def _read_keys(document: dict[str, Any]) -> tuple[Key, ...]:
    """Return the public keys for signatures. RFC 7517 says that others are ignored."""
    given = document.get("keys")
    if not isinstance(given, list) or len(given) > MAX_KEYS:
        raise FetchFailed(f"its key set is not a list of at most {MAX_KEYS} keys")
    keys = []
    for data in given:
        if not isinstance(data, dict) or data.get("kty") not in _KEY_TYPES or data.get("use", "sig") != "sig":
            continue
        try:
            # Of a private key, which a key set must not contain, only the public part is kept.
            key = JWKRegistry.import_key(data)
            keys.append(JWKRegistry.import_key(key.as_dict(private=False)))
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    if not keys:
        raise FetchFailed("its key set contains no key for signatures that can be used")
    return tuple(keys)
