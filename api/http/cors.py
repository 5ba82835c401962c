"""Cross-origin resource sharing: the pages of other sites that may use the API."""

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from api.config.settings import Settings
from api.http.endpoint import TRACE_HEADER


def cors_middleware(app: ASGIApp, settings: Settings) -> CORSMiddleware | None:
    """Return the middleware around the app for the origins of the settings, or None if no origin is set."""
    if not settings.allowed_origins:
        return None
    return CORSMiddleware(
        app,
        allow_origins=settings.allowed_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["Content-Type", TRACE_HEADER, "X-Request-Id"],
        expose_headers=["X-Request-Id", "Retry-After"],
        max_age=3600,
    )
