"""OpenID providers for tests: a real one, and one whose answers a test decides."""

import json
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
from joserfc import jws
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from tests.support.service_process import free_port, until

AUDIENCE = "millitask-tests"


@contextmanager
def real_provider(**claims: Any) -> Iterator[str]:
    """Run oidc-provider-mock with one person, whose subject is `alice`, and yield its issuer."""
    # The provider uses deprecated modules of Authlib.
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("ignore")
        from oidc_provider_mock import User, run_server_in_thread

        with run_server_in_thread(user_claims=[User(sub="alice", claims=claims)]) as server:
            yield f"http://localhost:{server.server_port}"


@contextmanager
def provider_process(**claims: Any) -> Iterator[str]:
    """Do what `real_provider` does in a process of its own, which can serve several tests."""
    port = free_port()
    issuer, user = f"http://localhost:{port}", json.dumps({"sub": "alice", **claims})
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--user-claims", user]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert until(lambda: _answers(f"{issuer}/.well-known/openid-configuration"))
        yield issuer
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False


def id_token(issuer: str, subject: str = "alice", client: str = AUDIENCE) -> str:
    """Let a person sign in at the real provider, and return the ID token that a client gets."""
    callback = "http://localhost/callback"
    query = {"client_id": client, "redirect_uri": callback, "response_type": "code", "scope": "openid profile"}
    with httpx.Client() as browser:
        answer = browser.post(f"{issuer}/oauth2/authorize", params=query, data={"sub": subject})
        code = httpx.URL(answer.headers["location"]).params["code"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": callback}
        tokens = browser.post(f"{issuer}/oauth2/token", data=form, auth=(client, "secret")).json()
    return str(tokens["id_token"])


async def authorize(browser: httpx.AsyncClient, page: str = "/", subject: str = "alice") -> httpx.URL:
    """Sign in at the provider, and return the address to which the provider sends the browser."""
    state = (await browser.get("/session")).json()
    assert state["methods"] == ["token", "oidc"]
    [issuer] = state["issuers"]
    start = await browser.get(f"/session/oidc/{issuer['id']}", params={"to": page})
    assert start.status_code == 303
    target = httpx.URL(start.headers["location"])
    assert target.params["code_challenge_method"] == "S256"
    assert {"state", "nonce", "code_challenge"} <= set(target.params)
    async with httpx.AsyncClient() as other_site:
        answer = await other_site.post(target, data={"sub": subject})
    return httpx.URL(answer.headers["location"])


@cache
def new_key(algorithm: str, kid: str, owner: str = "provider") -> Key:
    """Return the private key of an owner for a signature algorithm, made on the first call."""
    parameters: Any = {"kid": kid, "use": "sig"}
    if algorithm.startswith("ES"):
        return ECKey.generate_key({"256": "P-256", "384": "P-384", "512": "P-521"}[algorithm[2:]], parameters)
    if algorithm.startswith("Ed"):
        return OKPKey.generate_key("Ed25519", parameters)
    return RSAKey.generate_key(2048, parameters)


class FakeProvider:
    """A provider with keys that the test has, so that a test can sign any token. `respond` replaces its answers.

    requests: the paths that were requested.
    """

    def __init__(self) -> None:
        self.keys: list[Key] = [new_key("RS256", "first")]
        self.requests: list[str] = []
        self.respond: Callable[[str], tuple[int, bytes] | None] = lambda _path: None
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.requests.append(self.path)
                status, body = provider.respond(self.path) or (200, provider.answer(self.path))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str) -> bytes:
        """Return the discovery document or the key set."""
        if path == "/jwks":
            return json.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}).encode()
        assert path == "/.well-known/openid-configuration"
        return json.dumps({"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks"}).encode()

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return claims that are valid for ten minutes, with changes. A claim that is None is left out."""
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": "alice", "aud": AUDIENCE, "iat": now, "exp": now + 600}
        claims |= {"workspace": "default", "scope": "tasks:read"} | changes
        return {name: value for name, value in claims.items() if value is not None}

    def token(
        self,
        claims: Mapping[str, Any] | None = None,
        key: Key | None = None,
        header: Mapping[str, Any] | None = None,
        algorithm: str = "RS256",
    ) -> str:
        """Return a signed token."""
        key = key or self.keys[0]
        members = {"alg": algorithm, "kid": key.kid, **(header or {})}
        members = {name: value for name, value in members.items() if value is not None}
        payload = json.dumps(self.claims() if claims is None else claims).encode()
        registry = jws.JWSRegistry(algorithms=[members["alg"]], strict_check_header=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # some algorithms are deprecated
            return jws.serialize_compact(members, payload, key, registry=registry)


@contextmanager
def fake_provider() -> Iterator[FakeProvider]:
    """Run a `FakeProvider` on loopback."""
    provider = FakeProvider()
    thread = threading.Thread(target=provider._server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        provider._server.shutdown()
        provider._server.server_close()
        thread.join()
