"""A method of identity for tests: the bearer token itself says who the caller is."""

from db.caller import SCOPES, Caller


class HeaderIdentity:
    """Accepts the tokens `test:WORKSPACE:ACTOR` and `test:WORKSPACE:ACTOR:POINTS_PER_MINUTE`."""

    def accepts(self, credential: str) -> bool:
        return credential.startswith("test:")

    async def caller(self, credential: str) -> Caller:
        _, workspace, actor, *points = credential.split(":")
        limit = int(points[0]) if points else None
        return Caller(actor, workspace, frozenset(SCOPES), points_per_minute=limit)


def bearer(workspace: str, actor: str = "a") -> dict[str, str]:
    """Return the header of a caller."""
    return {"Authorization": f"Bearer test:{workspace}:{actor}"}
