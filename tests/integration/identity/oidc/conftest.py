"""An OpenID provider that signs what a test asks for, and a method that accepts its tokens."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from api.config.settings import Settings
from api.identity.authenticator import Unauthenticated
from api.identity.directory import Directory
from api.identity.oidc import OidcMethod
from db.pool import Database
from tests.support.oidc_provider import AUDIENCE, FakeProvider, fake_provider


@pytest.fixture
def issuer() -> Iterator[FakeProvider]:
    with fake_provider() as running:
        yield running


@pytest.fixture
async def directory(database_url: str) -> AsyncIterator[Directory]:
    async with Database(database_url) as database, Directory(database) as directory:
        yield directory


def settings(*issuers: str, **changes: Any) -> Settings:
    given = {"identity": "oidc", "oidc_issuers": ",".join(issuers), "oidc_audience": AUDIENCE}
    return Settings(**{**given, **changes})


@pytest.fixture
async def method(issuer: FakeProvider, directory: Directory) -> AsyncIterator[OidcMethod]:
    async with OidcMethod(settings(issuer.issuer), directory) as method:
        yield method


async def refusal(method: OidcMethod, token: str) -> str:
    """Return why a token is refused. No message repeats the token."""
    with pytest.raises(Unauthenticated) as caught:
        await method.caller(token)
    assert (caught.value.status, caught.value.extensions["code"]) == (401, "UNAUTHENTICATED")
    assert "invalid_token" in caught.value.headers["WWW-Authenticate"]
    assert len(token) < 16 or token not in repr(caught.value)
    return str(caught.value)


DISCOVERY, KEYS = "/.well-known/openid-configuration", "/jwks"
