"""Sign-in at an OpenID provider: the authorization code flow with PKCE, state and nonce, on the server."""

import hashlib
import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from api.config.identity import IdentitySettings
from api.graphql.request import RequestError
from api.identity.errors import IdentityUnavailable, InvalidCredential
from api.identity.fetch import FetchFailed
from api.identity.oidc import OidcMethod
from api.identity.session_secrets import SessionSecrets
from api.identity.token_verifier import VerifiedToken

# How long a person may take at the provider.
SIGN_IN_SECONDS = 600
_FAILED = "The sign-in did not succeed. Start it again."


class Issuer(NamedTuple):
    """An issuer that offers sign-in. The id is its number in the settings; the name is its host."""

    id: str
    name: str
    url: str
    client_id: str


class SignIn:
    """Starts and finishes sign-ins. Their state is in an encrypted cookie of the browser."""

    def __init__(self, settings: IdentitySettings, oidc: OidcMethod, secrets_: SessionSecrets) -> None:
        self._settings = settings
        self._oidc = oidc
        self._secrets = secrets_
        self.issuers = [
            Issuer(str(number), urlsplit(url).netloc, url, client_id)
            for number, (url, client_id) in enumerate(zip(settings.issuers, settings.client_ids, strict=False), 1)
            if client_id
        ]

    async def start(self, id_: str, redirect_uri: str, page: str = "/") -> tuple[str, str]:
        """Return the address of the provider's page, and the cookie for the answer. Raises `RequestError`.

        page: the path on this service that the person asked for.
        """
        issuer = self._issuer(id_)
        endpoint = (await self._oidc.providers[issuer.url].metadata()).authorization_endpoint
        if urlsplit(endpoint).scheme not in ("https", "http"):
            raise IdentityUnavailable(f"{issuer.name} has no page to sign in. Try again.")
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": issuer.client_id,
            "redirect_uri": redirect_uri,
            "scope": self._settings.oidc_request_scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        kept = {"for": "sign-in", "issuer": id_, "state": state, "nonce": nonce, "verifier": verifier}
        kept |= {"uri": redirect_uri, "page": page}
        cookie = self._secrets.encrypt({**kept, "until": time.time() + SIGN_IN_SECONDS})
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}", cookie

    def page_of(self, cookie: str) -> str:
        """Return the path that the person asked for before the sign-in, or / if the cookie is not valid."""
        try:
            kept = self._secrets.decrypt(cookie)
        except RequestError:
            return "/"
        return str(kept.get("page", "/")) if kept.get("for") == "sign-in" else "/"

    async def finish(self, query: Mapping[str, str], cookie: str) -> VerifiedToken:
        """Return the verified token of the person who has signed in. Raises `RequestError`."""
        kept = self._secrets.decrypt(cookie)
        if kept.get("for") != "sign-in" or time.time() > kept["until"]:
            raise InvalidCredential(_FAILED)
        if not hmac.compare_digest(kept["state"].encode(), query.get("state", "").encode()):
            raise InvalidCredential(_FAILED)
        issuer = self._issuer(kept["issuer"])
        # RFC 9207: the answer of another provider is refused.
        if query.get("iss", issuer.url) != issuer.url or not query.get("code"):
            raise InvalidCredential(_FAILED)
        tokens = await self._exchange(issuer, query["code"], kept["uri"], kept["verifier"])
        verified = await self._oidc.verifier.verify(str(tokens.get("id_token", "")), [issuer.client_id])
        nonce = verified.claims.get("nonce")
        same_nonce = isinstance(nonce, str) and hmac.compare_digest(nonce.encode(), kept["nonce"].encode())
        if verified.issuer != issuer.url or not same_nonce:
            raise InvalidCredential(_FAILED)
        return await self._best(verified, tokens.get("access_token"))

    async def _best(self, person: VerifiedToken, access_token: object) -> VerifiedToken:
        """Return the access token if it is one for this service and of the same person, else the ID token."""
        if isinstance(access_token, str) and self._oidc.accepts(access_token):
            try:
                access = await self._oidc.verifier.verify(access_token, self._oidc.audiences)
            except InvalidCredential:
                return person
            if (access.issuer, access.subject) == (person.issuer, person.subject):
                return access
        return person

    async def _exchange(self, issuer: Issuer, code: str, uri: str, verifier: str) -> dict[str, object]:
        endpoint = (await self._oidc.providers[issuer.url].metadata()).token_endpoint
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": uri, "code_verifier": verifier}
        secret = self._client_secret(int(issuer.id) - 1)
        # RFC 6749, section 2.3.1, encodes both parts.
        auth = (quote(issuer.client_id, safe=""), quote(secret, safe="")) if secret else None
        if auth is None:
            form["client_id"] = issuer.client_id
        try:
            return await self._oidc.client.post(endpoint, form, auth)
        except FetchFailed as error:
            raise IdentityUnavailable(f"{issuer.name} did not confirm the sign-in: {error}.") from None

    def _client_secret(self, position: int) -> str:
        """Return the secret of a client, read again for each sign-in, so that it can be rotated."""
        file = self._settings.oidc_client_secrets_file
        if file is None:
            return ""
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            raise IdentityUnavailable("MILLITASK_OIDC_CLIENT_SECRETS_FILE cannot be read.") from None
        return lines[position].strip() if position < len(lines) else ""

    def _issuer(self, id_: str) -> Issuer:
        found = next((issuer for issuer in self.issuers if issuer.id == id_), None)
        if found is None:
            raise InvalidCredential("There is no such issuer to sign in with.")
        return found
