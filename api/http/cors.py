"""Cross-origin resource sharing: the pages of other sites that may use the API."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.config.origins import SETTING, AllowedOrigins
from api.config.settings import Settings
from api.http.endpoint import REV_HEADER, TRACE_HEADER
from api.http.request_trace import RESPONSE_HEADER

_HEADERS_SETTING = "MILLITASK_CORS_HEADERS"
_METHODS = ("GET", "POST")


class CrossOrigin(CORSMiddleware):
    """Adds the headers of CORS to responses, and answers preflights. A refusal names the setting that allows more."""

    def __init__(self, app: ASGIApp, origins: AllowedOrigins, settings: Settings) -> None:
        super().__init__(
            app,
            allow_origin_regex=origins.pattern or None,
            allow_methods=_METHODS,
            allow_headers=[
                "Authorization",
                "Content-Type",
                TRACE_HEADER,
                REV_HEADER,
                "X-Request-Id",
                *settings.allowed_headers,
            ],
            allow_credentials=settings.cors_credentials,
            # A browser asks this if the site is public and the service is not.
            allow_private_network=True,
            expose_headers=[
                REV_HEADER,
                "X-Request-Id",
                "Retry-After",
                "RateLimit",
                "RateLimit-Policy",
                "WWW-Authenticate",
                RESPONSE_HEADER,
            ],
            max_age=3600,
        )
        self._origins = origins
        # Whether any other site is allowed.
        self.is_active = bool(origins)

    async def simple_response(self, scope: Scope, receive: Receive, send: Send, request_headers: Headers) -> None:
        """Send the response of the app."""
        if self.is_active:
            await super().simple_response(scope, receive, send, request_headers)
        else:
            await self.app(scope, receive, send)

    def preflight_response(self, request_headers: Headers) -> Response:
        """Return the response to a preflight, by which a browser asks whether a page may send a request."""
        response = super().preflight_response(request_headers)
        if response.status_code == 200:
            return response
        headers = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        return PlainTextResponse(self._problem(request_headers), 400, headers)

    def _problem(self, request_headers: Headers) -> str:
        """Return why a preflight is refused, and log that if a setting can allow the request."""
        origin, host = request_headers["origin"], request_headers.get("host", "")
        if origin not in self._origins:
            self._origins.log_refusal(origin, host)
            return f"Pages of {origin} may not use this service. Add the origin to {SETTING} to allow them."
        if request_headers["access-control-request-method"] not in _METHODS:
            return f"Pages of other sites may send only {' and '.join(_METHODS)}."
        asked = request_headers.get("access-control-request-headers", "").split(",")
        refused = ", ".join(name.strip() for name in asked if name.strip().lower() not in self.allow_headers)
        self._origins.log_refusal(origin, host, _HEADERS_SETTING, headers=refused)
        return f"Pages of other sites may not send the header {refused}. Add it to {_HEADERS_SETTING} to allow it."
