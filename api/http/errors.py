"""Errors outside of a GraphQL operation, in the form of a GraphQL response."""

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from api.graphql.accept import error_media_type

RETRY_AFTER_SECONDS = 1
# For the responses of status 503 after which a client may try again.
RETRY_AFTER = {"Retry-After": str(RETRY_AFTER_SECONDS)}


class ErrorResponse(JSONResponse):
    """A response in the media type that its request accepts. Apollo Client reads no error of another type."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        media_type = error_media_type(Headers(scope=scope).get("accept", ""))
        self.headers["content-type"] = f"{media_type}; charset=utf-8"
        await super().__call__(scope, receive, send)


def error_response(
    status: int, message: str, code: str, headers: dict[str, str] | None = None, **extensions: int | str
) -> ErrorResponse:
    """Return a response whose only error has this message, this code and these extensions."""
    error = {"message": message, "extensions": {"code": code, **extensions}}
    common = {"Cache-Control": "no-store", "Vary": "Accept"}
    return ErrorResponse({"errors": [error]}, status_code=status, headers={**common, **(headers or {})})


def internal_error(request_id: str) -> ErrorResponse:
    """Return the response to a request that failed unexpectedly. The log has the details under the request id."""
    return error_response(
        500,
        f"An unexpected error occurred in the service. Report it with the request id {request_id}.",
        "INTERNAL_SERVER_ERROR",
        requestId=request_id,
    )
