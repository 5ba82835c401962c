"""Errors that a client sees: expected ones say what to do and carry a code, all others are masked."""

import logging
import re

import structlog
from graphql import GraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from cache.errors import StoreUnavailable
from db.errors import CommitUnknown, DatabaseError, DatabaseUnavailable

log = structlog.get_logger(__name__)
# Strawberry logs every error with its traceback, our expected ones too; we log the others ourselves.
logging.getLogger("strawberry.execution").disabled = True


class BadInput(GraphQLError):
    """An argument that the service cannot use; the message names it, and the limit, as does `numbers`."""

    def __init__(self, argument: str, problem: str, **numbers: int) -> None:
        extensions = {"code": "BAD_USER_INPUT", "argument": argument, **numbers}
        super().__init__(f"{argument} {problem}", extensions=extensions)


class OverLimit(GraphQLError):
    """An operation that is larger than it may be; the message says the limit and what was asked."""

    def __init__(self, code: str, message: str, limit: int, requested: int) -> None:
        super().__init__(
            message.format(limit=limit, requested=requested),
            extensions={"code": code, "limit": limit, "requested": requested},
        )


_NESTED = "Document is nested too deeply"
_TOKENS = re.compile(r"Document contains more than (\d+) tokens")
_SUGGESTION = re.compile(r" Did you mean [^?]*\?")


def as_client_sees(error: GraphQLError, request_id: str, *, suggestions: bool = True) -> GraphQLError:
    """The same error with a code; masked and logged, with the request id, if it was not expected."""
    cause = error.original_error
    if isinstance(cause, RecursionError) or _NESTED in error.message:
        message = "The document is nested deeper than it can be read. Flatten it, or use variables."
        return GraphQLError(message, extensions={"code": "QUERY_TOO_DEEP"})
    if found := _TOKENS.search(error.message):
        message = f"The document has more than {int(found[1]):,} tokens, and that is the most. Use variables."
        return GraphQLError(message, extensions={"code": "TOO_MANY_TOKENS", "limit": int(found[1])})
    if not suggestions:
        error.message = _SUGGESTION.sub("", error.message)
    if cause is None or isinstance(cause, GraphQLError):
        if not (error.extensions or {}).get("code"):
            error.extensions = {**(error.extensions or {}), "code": "GRAPHQL_VALIDATION_FAILED"}
        return error
    if isinstance(cause, InvalidOperationTypeError):
        return _coded(error, "Only subscriptions are streamed. Send all else by POST.", "NOT_A_SUBSCRIPTION")
    if isinstance(cause, CannotGetOperationTypeError):
        return _coded(error, cause.as_http_error_reason(), "OPERATION_NOT_FOUND")
    if isinstance(cause, CommitUnknown):
        return _coded(error, str(cause), "OUTCOME_UNKNOWN")
    if isinstance(cause, StoreUnavailable | DatabaseUnavailable):
        return _coded(error, str(cause), "UNAVAILABLE")
    kind = "database" if isinstance(cause, DatabaseError) else "unexpected"
    # The id as well: in a subscription nothing else brings it to the log.
    log.error("masked error", kind=kind, path=error.path, request_id=request_id, exc_info=cause)
    message = f"Something went wrong on our side. Report it with the request id {request_id}."
    return _coded(error, message, "INTERNAL_SERVER_ERROR", requestId=request_id)


def _coded(error: GraphQLError, message: str, code: str, **more: str) -> GraphQLError:
    return GraphQLError(message, nodes=error.nodes, path=error.path, extensions={"code": code, **more})
