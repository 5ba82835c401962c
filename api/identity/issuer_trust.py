"""What the settings let the tokens of each OpenID issuer claim."""

from api.config.identity import IdentitySettings
from db.caller import DEFAULT_WORKSPACE, Scope


class IssuerTrust:
    """Which workspaces an issuer may name, and whether its tokens may administer all of them."""

    def __init__(self, settings: IdentitySettings) -> None:
        self._operators = settings.operator_issuers
        self._workspaces = dict(zip(settings.issuers, settings.issuer_workspaces, strict=False))

    def allows(self, issuer: str, workspace: str) -> bool:
        """Return whether an issuer may name a workspace."""
        patterns = self._workspaces.get(issuer)
        if not patterns:
            return True
        return any(
            workspace.startswith(pattern[:-1]) if pattern.endswith("*") else workspace == pattern
            for pattern in patterns
        )

    def scopes(self, issuer: str, workspace: str, given: frozenset[Scope]) -> frozenset[Scope]:
        """Return the scopes of a token without those that its issuer may not give: `admin` makes an operator."""
        if workspace == DEFAULT_WORKSPACE and issuer not in self._operators:
            return given - {"admin"}
        return given
