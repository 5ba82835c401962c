"""Health checks for load balancers and orchestrators: /livez and /readyz."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.http.errors import RETRY_AFTER
from cache.errors import RedisFull
from cache.workspaces import Workspaces
from millitask import __version__


class Readiness:
    """Whether this worker is about to stop, so that load balancers choose another one."""

    stopping = False


async def livez(_request: Request) -> Response:
    """Answer that the process is alive."""
    return JSONResponse({"status": "ok"})


def readyz(workspaces: Workspaces, readiness: Readiness) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint that says whether this worker can answer requests.

    `degraded` means that PostgreSQL answers an open workspace without the cache: correctly, but more slowly.
    """

    async def respond(_request: Request) -> Response:
        if readiness.stopping or not workspaces.ready:
            reason = "The service is stopping" if readiness.stopping else "PostgreSQL does not answer"
            body = {"status": "not ready", "reason": reason, "version": __version__}
            return JSONResponse(body, status_code=503, headers=RETRY_AFTER)
        degraded = workspaces.degraded > 0
        full = {"reason": str(RedisFull())} if degraded and workspaces.too_large else {}
        return JSONResponse({"status": "ready", "degraded": degraded, **full, "version": __version__})

    return respond
