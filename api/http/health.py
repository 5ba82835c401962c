"""Health checks for load balancers and orchestrators: /livez and /readyz."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.http.errors import RETRY_AFTER
from cache.errors import RedisFull
from cache.store import Store
from millitask import __version__


async def livez(_request: Request) -> Response:
    """Answer that the process is alive."""
    return JSONResponse({"status": "ok"})


def readyz(store: Store) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint that says whether this worker can answer requests.

    `degraded` means that PostgreSQL answers without the cache: correctly, but more slowly.
    """

    async def respond(_request: Request) -> Response:
        if not store.gate_lease.ready:
            body = {"status": "not ready", "reason": "PostgreSQL does not answer", "version": __version__}
            return JSONResponse(body, status_code=503, headers=RETRY_AFTER)
        degraded = store.gate_lease.protocol is None
        reason = {"reason": str(RedisFull())} if degraded and store.gate_lease.index_too_large else {}
        return JSONResponse({"status": "ready", "degraded": degraded, **reason, "version": __version__})

    return respond
