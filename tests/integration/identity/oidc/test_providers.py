"""Tests the providers: rotated keys, bounded fetches, and providers that do not answer as they should."""

import asyncio

import pytest

from api.graphql.request import RequestError
from api.identity import fetch, provider
from api.identity.directory import Directory
from api.identity.errors import IdentityUnavailable
from api.identity.oidc import OidcMethod
from tests.integration.identity.oidc.conftest import refusal, settings
from tests.support.oidc_provider import FakeProvider, fake_provider, new_key

DISCOVERY, KEYS = "/.well-known/openid-configuration", "/jwks"


async def test_rotated_keys_are_found_without_a_restart(
    issuer: FakeProvider, method: OidcMethod, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider, "MIN_FETCH_SECONDS", 0.0)
    old = issuer.token()
    await method.caller(old)
    issuer.keys = [new_key("RS256", "second")]
    await method.caller(issuer.token())
    # The key of a remembered token was withdrawn, so the token is verified again.
    assert "does not list" in await refusal(method, old)


async def test_unknown_keys_cause_one_fetch(issuer: FakeProvider, method: OidcMethod) -> None:
    await method.caller(issuer.token())
    forged = [issuer.token(header={"kid": f"unknown {number}"}) for number in range(50)]
    await asyncio.gather(*(refusal(method, token) for token in forged))
    for token in forged:
        await refusal(method, token)
    # The last fetch was less than MIN_FETCH_SECONDS ago.
    assert issuer.requests.count("/jwks") == 1


async def test_concurrent_first_tokens_share_one_fetch(issuer: FakeProvider, method: OidcMethod) -> None:
    await asyncio.gather(*(method.caller(issuer.token(issuer.claims(jti=str(number)))) for number in range(20)))
    assert issuer.requests.count("/jwks") == 1


@pytest.mark.parametrize(
    ("path", "answer", "reason"),
    [
        (DISCOVERY, (404, b"{}"), "status 404"),
        (DISCOVERY, (200, b"<html>"), "not a JSON object"),
        (DISCOVERY, (200, b'{"issuer": "https://other.example.com"}'), "another issuer"),
        (KEYS, (500, b"{}"), "status 500"),
        (KEYS, (302, b""), "status 302"),
        (KEYS, (200, b"not JSON"), "not a JSON object"),
        (KEYS, (200, b"[]"), "not a JSON object"),
        (KEYS, (200, b'{"keys": 7}'), "not a list"),
        (KEYS, (200, b'{"keys": []}'), "no key"),
        (KEYS, (200, b'{"keys": [{"kty": "oct", "k": "AAAA"}, 7, {"kty": "RSA"}]}'), "no key"),
        (KEYS, (200, b'{"keys": [' + b'{"kty": "RSA"},' * 64 + b'{"kty": "RSA"}]}'), "not a list of at most 64"),
        (KEYS, (200, b" " * (fetch.MAX_BYTES + 1)), "more than 262,144 bytes"),
    ],
)
async def test_provider_that_answers_nonsense_is_unavailable(
    issuer: FakeProvider, method: OidcMethod, path: str, answer: tuple[int, bytes], reason: str
) -> None:
    issuer.respond = lambda given: answer if given == path else None
    with pytest.raises(IdentityUnavailable, match=reason) as caught:
        await method.caller(issuer.token())
    assert (caught.value.status, caught.value.extensions["code"]) == (503, "IDENTITY_UNAVAILABLE")
    asked = len(issuer.requests)
    # The next request fails at once.
    with pytest.raises(IdentityUnavailable):
        await method.caller(issuer.token())
    assert len(issuer.requests) == asked


async def test_slow_provider_is_given_up_and_recovers(
    issuer: FakeProvider, method: OidcMethod, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider, "MIN_FETCH_SECONDS", 0.0)
    held = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(_path: str) -> None:
        asyncio.run_coroutine_threadsafe(held.wait(), loop).result()

    issuer.respond = hold
    with monkeypatch.context() as impatient:
        impatient.setattr(fetch, "TIMEOUT_SECONDS", 0.1)
        with pytest.raises(IdentityUnavailable, match=r"did not answer within"):
            await method.caller(issuer.token())
    held.set()
    issuer.respond = lambda _path: None
    await method.caller(issuer.token())


async def test_missing_provider_does_not_affect_other_issuers(issuer: FakeProvider, directory: Directory) -> None:
    with fake_provider() as gone:
        missing = gone
    async with OidcMethod(settings(missing.issuer, issuer.issuer), directory) as method:
        with pytest.raises(IdentityUnavailable, match="cannot be reached"):
            await method.caller(missing.token())
        assert (await method.caller(issuer.token())).actor == f"{issuer.issuer}#alice"
        # A token of one issuer is not valid for another one that has a key with the same id.
        with pytest.raises(RequestError):
            await method.caller(issuer.token(issuer.claims(iss=missing.issuer)))
