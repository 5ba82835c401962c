"""Cross-origin resource sharing: the pages of other sites that may use the API."""

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from api.config.settings import Settings
from api.http.endpoint import TRACE_HEADER


def cors_middleware(settings: Settings) -> list[Middleware]:
    """Return the middleware for the origins of the settings, or an empty list if no origin is set."""
    if not settings.allowed_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Content-Type", TRACE_HEADER, "X-Request-Id"],
            expose_headers=["X-Request-Id", "Retry-After"],
            max_age=3600,
        )
    ]
