"""Errors outside of a GraphQL operation, in the form of a GraphQL response."""

from starlette.responses import JSONResponse

RETRY_AFTER_SECONDS = 1
# For the responses of status 503 after which a client may try again.
RETRY_AFTER = {"Retry-After": str(RETRY_AFTER_SECONDS)}


def error_response(
    status: int, message: str, code: str, headers: dict[str, str] | None = None, **extensions: int | str
) -> JSONResponse:
    """Return a response whose only error has this message, this code and these extensions."""
    error = {"message": message, "extensions": {"code": code, **extensions}}
    return JSONResponse({"errors": [error]}, status_code=status, headers=headers)


def internal_error(request_id: str) -> JSONResponse:
    """Return the response to a request that failed unexpectedly. The log has the details under the request id."""
    return error_response(
        500,
        f"An unexpected error occurred in the service. Report it with the request id {request_id}.",
        "INTERNAL_SERVER_ERROR",
        requestId=request_id,
    )
