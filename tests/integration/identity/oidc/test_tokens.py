"""Tests which tokens of OpenID providers identify a caller."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from typing import Any

import psycopg
import pytest
from joserfc.jwk import OctKey, RSAKey

from api.identity import token_verifier
from api.identity.authenticator import Unauthenticated
from api.identity.directory import Directory
from api.identity.oidc import OidcMethod
from api.identity.tokens import WorkspaceSuspended
from tests.integration.identity.oidc.conftest import refusal, settings
from tests.support.oidc_provider import FakeProvider, id_token, new_key, real_provider


def encoded(part: Any) -> str:
    text = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


async def test_token_of_a_real_provider_identifies_a_person(directory: Directory) -> None:
    claims = {"name": "Ali\nce", "workspace": ["default", "other"], "scope": "tasks:read unknown admin"}
    with real_provider(**claims) as issuer:
        token = await asyncio.to_thread(id_token, issuer)
        async with OidcMethod(settings(issuer, oidc_operator_issuers=issuer), directory) as method:
            assert method.accepts(token)
            caller = await method.caller(token)
            assert (caller.actor, caller.name, caller.workspace) == (f"{issuer}#alice", "Alice", "default")
            assert caller.scopes == {"tasks:read", "admin"}
            assert caller.expires_at is not None
            other = await asyncio.to_thread(id_token, issuer, client="another client")
            assert "audience" in await refusal(method, other)


@pytest.mark.parametrize("algorithm", ["RS512", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"])
async def test_each_allowed_algorithm_is_verified(issuer: FakeProvider, directory: Directory, algorithm: str) -> None:
    issuer.keys = [new_key(algorithm, "a"), new_key(algorithm, "b")]
    allowed = "RS512,PS256,ES256,ES384,EdDSA"
    async with OidcMethod(settings(issuer.issuer, oidc_algorithms=allowed), directory) as method:
        token = issuer.token(key=issuer.keys[1], algorithm=algorithm)
        assert (await method.caller(token)).scopes == {"tasks:read"}
        head, _claims, signature = token.split(".")
        changed = encoded({**issuer.claims(), "scope": "admin"})
        assert "signature" in await refusal(method, f"{head}.{changed}.{signature}")


async def test_scopes_may_be_a_list_and_claims_have_settings(issuer: FakeProvider, directory: Directory) -> None:
    names = {"oidc_workspace_claim": "https://example.com/tenant", "oidc_scopes_claim": "roles"}
    claims = issuer.claims(**{"https://example.com/tenant": "default", "roles": ["tasks:write", 7], "workspace": "x"})
    async with OidcMethod(settings(issuer.issuer, **names), directory) as method:
        caller = await method.caller(issuer.token(claims))
    assert (caller.workspace, caller.scopes) == ("default", frozenset({"tasks:write"}))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": -31}, "expired"),
        ({"exp": None}, "no expiry"),
        ({"exp": "tomorrow"}, "not a time"),
        ({"exp": True}, "not a time"),
        ({"exp": 1e300}, "not a time"),
        ({"nbf": 60}, "not valid yet"),
        ({"iat": 60}, "not valid yet"),
        ({"aud": "other"}, "audience"),
        ({"aud": ["other", 7.5]}, "audience"),
        ({"aud": None}, "audience"),
        ({"iss": "https://other.example.com"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"iss": ["a"]}, "issuer"),
        ({"sub": None}, "subject"),
        ({"sub": "x" * 256}, "subject"),
        ({"sub": "a\nlevel=error"}, "subject"),
        ({"sub": "a\x00b"}, "subject"),
        ({"sub": "\ud800"}, "subject"),
        ({"workspace": None}, "names no workspace"),
        ({"workspace": []}, "names no workspace"),
        ({"workspace": ["a\x00", "../default", "", "Default", "x" * 64]}, "names no workspace"),
        ({"workspace": {"a": 1}}, "names no workspace"),
        ({"workspace": "unknown"}, "no workspace"),
    ],
)
async def test_signed_token_with_wrong_claims_is_refused(
    issuer: FakeProvider, method: OidcMethod, changes: dict[str, Any], reason: str
) -> None:
    now = int(time.time())
    relative = {name: now + value for name, value in changes.items() if type(value) is int}
    with pytest.raises(Unauthenticated, match=reason):
        await method.caller(issuer.token(issuer.claims(**{**changes, **relative})))


async def test_only_issuers_that_may_administer_all_workspaces_do(issuer: FakeProvider, directory: Directory) -> None:
    token = issuer.token(issuer.claims(scope="tasks:read admin"))
    other = settings(issuer.issuer, "https://b.example", oidc_operator_issuers="https://b.example")
    async with OidcMethod(other, directory) as method:
        assert (await method.caller(token)).scopes == {"tasks:read"}
    async with OidcMethod(settings(issuer.issuer, oidc_operator_issuers=issuer.issuer), directory) as trusted:
        assert (await trusted.caller(token)).scopes == {"tasks:read", "admin"}


async def test_issuer_names_only_its_own_workspaces(issuer: FakeProvider, directory: Directory) -> None:
    claims = issuer.claims(workspace=["acme", "b-1", "default"])
    async with OidcMethod(settings(issuer.issuer, oidc_workspaces="b-* default"), directory) as method:
        verified = await method.verifier.verify(issuer.token(claims), method.audiences)
        assert method.workspaces_of(verified) == ["b-1", "default"]
        assert "may not name" in await refusal(method, issuer.token(issuer.claims(workspace="acme")))
    async with OidcMethod(settings(issuer.issuer, "https://b.example", oidc_workspaces=",b"), directory) as method:
        verified = await method.verifier.verify(issuer.token(claims), method.audiences)
        assert method.workspaces_of(verified) == ["acme", "b-1", "default"]


async def test_clock_skew_within_the_leeway_is_accepted(issuer: FakeProvider, method: OidcMethod) -> None:
    now = int(time.time())
    await method.caller(issuer.token(issuer.claims(exp=now - 5, iat=now + 20, nbf=now + 20)))


async def test_forged_tokens_are_refused(issuer: FakeProvider, method: OidcMethod) -> None:
    good = issuer.token()
    await method.caller(good)
    head, claims, signature = good.split(".")
    attacker = new_key("RS256", "first", owner="attacker")
    assert isinstance(issuer.keys[0], RSAKey)
    public = issuer.keys[0].as_pem(private=False)
    by_public_key = f"{encoded({'alg': 'HS256', 'kid': 'first'})}.{claims}"
    mac = hmac.new(public, by_public_key.encode(), hashlib.sha256).digest()
    embedded = attacker.as_dict(private=False)
    forged = {
        "truncated": good[:-8],
        "without a signature": f"{head}.{claims}.",
        "signed by another key": issuer.token(key=attacker),
        "no algorithm": f"{encoded({'alg': 'none'})}.{claims}.",
        "algorithm none in another case": f"{encoded({'alg': 'nOnE', 'kid': 'first'})}.{claims}.",
        "HMAC with the public key": f"{by_public_key}.{encoded(mac)}",
        "HMAC with another key": issuer.token(key=OctKey.import_key(b"x" * 32), algorithm="HS256"),
        "another allowed algorithm": f"{encoded({'alg': 'PS256', 'kid': 'first'})}.{claims}.{signature}",
        "an algorithm of another key type": f"{encoded({'alg': 'ES256', 'kid': 'first'})}.{claims}.{signature}",
        "its own key in the header": issuer.token(key=attacker, header={"jwk": embedded}),
        "a URL of keys in the header": issuer.token(key=attacker, header={"jku": "https://evil.example/jwks"}),
        "critical headers": issuer.token(header={"crit": ["kid"]}),
        "no object as header": f"{encoded([])}.{claims}.{signature}",
        "no JSON": f"{encoded(b'{')}.{claims}.{signature}",
        "no base64": f"{head}.{'!' * 20}.{signature}",
        "a kid that is a list": f"{encoded({'alg': 'RS256', 'kid': ['first']})}.{claims}.{signature}",
        "dots only": "..",
        "no ASCII": f"{head}.{claims}.ü",
        "huge": f"{head}.{'A' * 9000}.{signature}",
    }
    for name, token in forged.items():
        assert await refusal(method, token), name
    await method.caller(good)


async def test_token_without_kid_needs_an_issuer_with_one_key(issuer: FakeProvider, method: OidcMethod) -> None:
    token = issuer.token(header={"kid": None})
    await method.caller(token)
    issuer.keys.append(new_key("RS256", "second"))
    async with OidcMethod(settings(issuer.issuer), method._directory) as fresh:
        assert "does not list" in await refusal(fresh, token)


async def test_verified_tokens_are_remembered_up_to_a_limit(
    issuer: FakeProvider, method: OidcMethod, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_verifier, "MAX_VERIFIED_TOKENS", 3)
    for number in range(10):
        await method.caller(issuer.token(issuer.claims(jti=str(number))))
    assert len(method.verifier._remembered) == 3


async def test_remembered_token_still_expires(issuer: FakeProvider, directory: Directory) -> None:
    async with OidcMethod(settings(issuer.issuer, oidc_leeway_seconds=0), directory) as method:
        token = issuer.token(issuer.claims(exp=time.time() + 2))
        await method.caller(token)
        await asyncio.sleep(2.1)
        assert "expired" in await refusal(method, token)


async def test_suspended_workspace_is_refused(issuer: FakeProvider, method: OidcMethod, database_url: str) -> None:
    token = issuer.token()
    await method.caller(token)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE workspace SET state = 'suspended', changed_at = now() WHERE id = 'default'")

    async def use_until_refused() -> None:
        for _ in range(400):
            await method.caller(token)
            await asyncio.sleep(0.05)

    with pytest.raises(WorkspaceSuspended):
        await use_until_refused()
