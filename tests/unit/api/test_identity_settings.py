"""Tests the settings of identity, and that the service listens to other machines only if it identifies callers."""

from typing import Any

import pytest

from api.config.load import load_settings
from api.config.settings import Settings, SettingsError
from api.process.preflight import check_identity

OIDC: dict[str, Any] = {"identity": "oidc", "oidc_issuers": "https://id.example.com", "oidc_audience": "millitask"}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_loopback_needs_no_identity(host: str) -> None:
    check_identity(Settings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "tasks.example.com"])
def test_other_addresses_need_identity(host: str) -> None:
    with pytest.raises(SettingsError, match=r"MILLITASK_IDENTITY=tokens.* `python -m api token bootstrap --file FILE`"):
        check_identity(Settings(host=host))
    check_identity(Settings(host=host, identity="tokens"))
    check_identity(Settings(host=host, **OIDC))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"identity": "tokens,ldap"}, "MILLITASK_IDENTITY must be none, or a list of tokens and oidc"),
        ({"identity": "none,tokens"}, "MILLITASK_IDENTITY must be none, or a list"),
        ({"identity": ","}, "MILLITASK_IDENTITY must be none, or a list"),
        ({"oidc_issuers": ""}, "needs MILLITASK_OIDC_ISSUERS"),
        ({"oidc_audience": ""}, "needs MILLITASK_OIDC_AUDIENCE"),
        ({"oidc_issuers": "http://id.example.com"}, "MILLITASK_OIDC_ISSUERS must be URLs"),
        ({"oidc_issuers": "https://user@id.example.com"}, "MILLITASK_OIDC_ISSUERS must be URLs"),
        ({"oidc_algorithms": "none"}, "MILLITASK_OIDC_ALGORITHMS must be a list"),
        ({"oidc_algorithms": "RS256,HS256"}, "MILLITASK_OIDC_ALGORITHMS must be a list"),
        ({"oidc_client_ids": "a,b"}, "MILLITASK_OIDC_CLIENT_IDS must not have more"),
        ({"oidc_operator_issuers": "https://b.example"}, "https://b.example is not in MILLITASK_OIDC_ISSUERS"),
        ({"oidc_workspaces": "acme,beta"}, "MILLITASK_OIDC_WORKSPACES must not have more"),
        ({"oidc_workspaces": "Acme"}, "MILLITASK_OIDC_WORKSPACES must be ids of workspaces"),
        ({"oidc_workspaces": "a*b"}, "MILLITASK_OIDC_WORKSPACES must be ids of workspaces"),
        ({"oidc_request_scopes": "profile"}, "MILLITASK_OIDC_REQUEST_SCOPES"),
        ({"public_url": "https://example.com/tasks"}, "MILLITASK_PUBLIC_URL must be a scheme and a host"),
        ({"public_url": "javascript:alert(1)"}, "MILLITASK_PUBLIC_URL must be a scheme and a host"),
    ],
)
def test_setting_that_cannot_work_is_explained(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        load_settings(**{**OIDC, **changes})


def test_lists_are_split() -> None:
    settings = Settings(
        identity="tokens, oidc",
        oidc_issuers="https://a.example, http://127.0.0.1:9000",
        oidc_audience="x,y",
        oidc_client_ids=",b",
    )
    assert settings.identity_methods == ["tokens", "oidc"]
    assert settings.issuers == ["https://a.example", "http://127.0.0.1:9000"]
    assert settings.audiences == {"x", "y"}
    assert settings.client_ids == ["", "b"]
