"""Responses of the connection itself, to what cannot become a request of the application."""

import json

from uvicorn.protocols.http.httptools_impl import STATUS_LINE


class RefusedRequest(Exception):
    """A request that is not read any further: a status, a message for people and a code for programs."""

    def __init__(self, status: int, message: str, code: str = "BAD_REQUEST", limit: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.limit = limit

    def response(self) -> bytes:
        """Return the whole response, after which the connection closes."""
        extensions = {"code": self.code} if self.limit is None else {"code": self.code, "limit": self.limit}
        body = json.dumps({"errors": [{"message": str(self), "extensions": extensions}]}).encode()
        return (
            b"%scontent-type: application/json\r\nx-content-type-options: nosniff\r\ncontent-length: %d\r\n"
            b"connection: close\r\n\r\n%s" % (STATUS_LINE[self.status], len(body), body)
        )


def malformed() -> RefusedRequest:
    """Return the refusal of bytes that are not HTTP."""
    return RefusedRequest(
        400, "The request is not valid HTTP/1.1. Send a request line, one Host header, and the headers."
    )


def head_too_large(limit: int) -> RefusedRequest:
    """Return the refusal of a target and headers over the limit in bytes."""
    return RefusedRequest(
        431,
        f"The target and the headers of the request have more than {limit:,} bytes. Send fewer headers or cookies, "
        "and long queries by POST.",
        "HEADERS_TOO_LARGE",
        limit,
    )


def too_many_headers(limit: int) -> RefusedRequest:
    """Return the refusal of more headers than the limit."""
    return RefusedRequest(
        431, f"The request has more than {limit} headers. Send fewer headers.", "HEADERS_TOO_LARGE", limit
    )


def too_slow(limit_ms: int) -> RefusedRequest:
    """Return the refusal of a request that did not arrive in time."""
    return RefusedRequest(
        408,
        f"The request did not arrive within {limit_ms:,} ms. Send it again, over a faster connection or in parts.",
        "RECEIVE_TIMEOUT",
        limit_ms,
    )


def too_many_connections(limit: int) -> RefusedRequest:
    """Return the refusal of a connection over the limit."""
    return RefusedRequest(503, f"The worker has reached its limit of {limit:,} connections. Try again.", "BUSY", limit)
