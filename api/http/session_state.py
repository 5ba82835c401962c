"""What the page is told about its session: who the person is, and how people can sign in."""

from datetime import UTC, datetime
from typing import Any

from api.identity.identity import Identity
from api.identity.sessions import Session
from db.caller import SCOPES, Caller


async def session_state(identity: Identity, session: Session | None, caller: Caller | None) -> dict[str, Any]:
    """Return the answer of `GET /session` as JSON values. Without a caller, its viewer is null."""
    issuers = identity.sign_in.issuers if identity.sign_in is not None else []
    methods = [*(["token"] if identity.authenticator.required else []), *(["oidc"] if issuers else [])]
    return {
        "identity": "required" if identity.authenticator.required else "none",
        "viewer": None if caller is None else await _viewer(identity, session, caller),
        "methods": methods,
        "issuers": [{"id": issuer.id, "name": issuer.name} for issuer in issuers],
        "csrf": session.csrf if session is not None else "",
    }


async def _viewer(identity: Identity, session: Session | None, caller: Caller) -> dict[str, Any]:
    names = await identity.workspace_names([caller.workspace, *(session.workspaces if session else ())])
    workspaces = [{"id": id_, "name": name} for id_, name in names.items()]
    expires_at = caller.expires_at if session is None else datetime.fromtimestamp(session.expires_at, UTC)
    return {
        "actor": caller.actor,
        "name": caller.name,
        "workspace": {"id": caller.workspace, "name": names.get(caller.workspace, caller.workspace)},
        "workspaces": workspaces,
        "scopes": [scope for scope in SCOPES if scope in caller.scopes],
        "expiresAt": expires_at.isoformat() if expires_at is not None else None,
    }
