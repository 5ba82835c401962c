"""The settings that say how callers are identified."""

from typing import Self

from pydantic import Field, model_validator

from api.config.limits import PREFIX, Limits
from api.config.values import (
    AbsolutePath,
    Algorithms,
    IdentityMethods,
    Issuers,
    IssuerWorkspaces,
    PublicUrl,
    is_loopback,
    split_list,
)


class IdentitySettings(Limits):
    """The settings of identity, as a part of the settings."""

    identity: IdentityMethods = Field(
        default="none",
        description="none, or which credentials callers may have, separated by commas: tokens (API tokens) and oidc "
        "(JSON Web Tokens of MILLITASK_OIDC_ISSUERS). none is possible on loopback only. Default: none.",
    )
    oidc_issuers: Issuers = Field(
        default="",
        description="URLs of the OpenID providers whose tokens are accepted, separated by commas. Default: none.",
    )
    oidc_audience: str = Field(
        default="",
        description="Audiences for which a token may be issued, separated by commas; one of them must be in the claim "
        "aud. Default: none, but oidc needs one.",
    )
    oidc_algorithms: Algorithms = Field(
        default="RS256,PS256,ES256,EdDSA",
        description="Signature algorithms that are accepted, separated by commas: RS256, RS384, RS512, PS256, PS384, "
        "PS512, ES256, ES384, ES512 or EdDSA. Default: RS256,PS256,ES256,EdDSA.",
    )
    oidc_leeway_seconds: int = Field(
        default=30,
        ge=0,
        le=300,
        description="Difference of the clocks of provider and service that is tolerated in seconds, 0 to 300. "
        "Default: 30.",
    )
    oidc_workspace_claim: str = Field(
        default="workspace",
        min_length=1,
        description="Claim with the id of the workspace, or with a list of ids. Default: workspace.",
    )
    oidc_scopes_claim: str = Field(
        default="scope",
        min_length=1,
        description="Claim with the scopes tasks:read, tasks:write and admin, as a list or separated by spaces. "
        "Default: scope.",
    )
    oidc_operator_issuers: Issuers = Field(
        default="",
        description="Issuers of MILLITASK_OIDC_ISSUERS whose tokens may have the scope admin in the workspace default, "
        "and so administer all workspaces. From others, this scope is ignored there. Default: none.",
    )
    oidc_workspaces: IssuerWorkspaces = Field(
        default="",
        description="Workspaces that each issuer may name, one entry for each issuer in the same order, separated by "
        "commas. An entry has ids separated by spaces; * at the end of an id stands for any end. An empty or missing "
        "entry allows all workspaces. Default: none.",
    )
    oidc_client_ids: str = Field(
        default="",
        description="Client ids for the sign-in of the page, one for each issuer in the same order, separated by "
        "commas; an empty one offers no sign-in. Default: none.",
    )
    oidc_client_secrets_file: AbsolutePath | None = Field(
        default=None,
        description="File with the client secrets, one line for each issuer in the same order; an empty line for a "
        "public client. Default: no file.",
    )
    oidc_request_scopes: str = Field(
        default="openid profile",
        pattern=r"^openid( |$)",
        description="Scopes that the sign-in of the page requests, separated by spaces. Default: openid profile.",
    )
    public_url: PublicUrl = Field(
        default="",
        description="Scheme and host by which browsers reach the service, such as https://tasks.example.com. Default: "
        "those of the request.",
    )
    session_secrets_file: AbsolutePath | None = Field(
        default=None,
        description="File with the secrets that protect session cookies, one in each line; the first one encrypts, all "
        "decrypt. Default: session-secrets in MILLITASK_DATA_DIR, which the service creates.",
    )
    session_hours: int = Field(
        default=12, ge=1, le=720, description="Hours after which people sign in again, 1 to 720. Default: 12."
    )

    @model_validator(mode="after")
    def _check_oidc(self) -> Self:
        if "oidc" in self.identity_methods:
            for name in ("oidc_issuers", "oidc_audience"):
                if not getattr(self, name):
                    raise ValueError(f"{PREFIX}IDENTITY contains oidc, which needs {PREFIX}{name.upper()}. Set it.")
        if len(self.client_ids) > len(self.issuers):
            raise ValueError(f"{PREFIX}OIDC_CLIENT_IDS must not have more entries than MILLITASK_OIDC_ISSUERS")
        if len(self.issuer_workspaces) > len(self.issuers):
            raise ValueError(f"{PREFIX}OIDC_WORKSPACES must not have more entries than MILLITASK_OIDC_ISSUERS")
        if unknown := sorted(self.operator_issuers - set(self.issuers)):
            raise ValueError(f"{PREFIX}OIDC_OPERATOR_ISSUERS: {unknown[0]} is not in MILLITASK_OIDC_ISSUERS")
        return self

    @property
    def identity_methods(self) -> list[str]:
        """The kinds of credentials that are accepted. Empty if callers are not identified."""
        return [] if self.identity == "none" else split_list(self.identity)

    @property
    def issuers(self) -> list[str]:
        """The issuers of `oidc_issuers`."""
        return split_list(self.oidc_issuers)

    @property
    def operator_issuers(self) -> frozenset[str]:
        """The issuers of `oidc_operator_issuers`."""
        return frozenset(split_list(self.oidc_operator_issuers))

    @property
    def issuer_workspaces(self) -> list[list[str]]:
        """The workspaces of `oidc_workspaces`, with an empty list for an issuer that may name all."""
        return [entry.split() for entry in self.oidc_workspaces.split(",")] if self.oidc_workspaces else []

    @property
    def audiences(self) -> frozenset[str]:
        """The audiences of `oidc_audience`."""
        return frozenset(split_list(self.oidc_audience))

    @property
    def algorithms(self) -> list[str]:
        """The algorithms of `oidc_algorithms`."""
        return split_list(self.oidc_algorithms)

    @property
    def client_ids(self) -> list[str]:
        """The client ids of `oidc_client_ids`, with an empty one for an issuer without sign-in."""
        return [item.strip() for item in self.oidc_client_ids.split(",")] if self.oidc_client_ids else []


def exposure_problem(host: str, settings: IdentitySettings) -> str | None:
    """Return why the service must not listen on this address with these settings, and how to fix that."""
    if settings.identity_methods or is_loopback(host):
        return None
    return (
        f"{PREFIX}HOST={host} lets other machines connect, but with {PREFIX}IDENTITY=none everyone who connects can "
        f"read and change every task. Set {PREFIX}IDENTITY=tokens, and create the first token with "
        f"`python -m api token bootstrap --file FILE` (docs/how-to/identify-callers.md). Or listen on 127.0.0.1."
    )
