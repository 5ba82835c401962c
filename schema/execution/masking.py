"""Translation of every error into the one that a client receives: expected errors get a code, all others are masked."""

import logging
import re

import structlog
from graphql import GraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from cache.errors import StoreUnavailable, TooMuchRead
from db.errors import (
    CommitUnknown,
    DatabaseBusy,
    DatabaseError,
    DatabaseUnavailable,
    ShareBusy,
    UnfitDatabase,
    explain,
)

log = structlog.get_logger(__name__)
# Strawberry logs every error with a traceback, even expected ones. This module logs the unexpected ones itself.
logging.getLogger("strawberry.execution").disabled = True

_NESTED = "Document is nested too deeply"
_TOKENS = re.compile(r"Document contains more than (\d+) tokens")
# Some messages quote a value of the document once for each of its mistakes.
_MAX_MESSAGE_CHARACTERS = 1000
SHARE_CODES = {"searches": "SEARCHES_BUSY", "deep_pages": "DEEP_PAGES_BUSY", "writes": "WRITES_BUSY"}
# When a client may retry an operation that found all connections in use. The error says so and no header does, because
# the status is 200: other fields of the operation may have data.
RETRY_AFTER_SECONDS = 1
# graphql-core writes None where GraphQL says null.
_NOT_NONE = " not to be None."
_SUGGESTION = re.compile(r" Did you mean [^?]*\?")


def client_error(error: GraphQLError, request_id: str, *, suggestions: bool = True) -> GraphQLError:
    """Return the error to send to the client, always with a code in its extensions.

    An unexpected error is logged with the request id and replaced by a general message that contains the id.
    Without `suggestions`, "Did you mean …?" is removed, because it reveals names of the schema.
    """
    cause = error.original_error
    if isinstance(cause, RecursionError) or _NESTED in error.message:
        message = "The document is nested too deeply to be parsed. Nest it less, or use variables."
        return GraphQLError(message, extensions={"code": "QUERY_TOO_DEEP"})
    if found := _TOKENS.search(error.message):
        limit = int(found[1])
        message = f"The document has too many tokens; the limit is {limit:,}. Shorten it, or use variables."
        return GraphQLError(message, extensions={"code": "TOO_MANY_TOKENS", "limit": limit})
    if error.message.endswith(_NOT_NONE):
        error.message = error.message.removesuffix(_NOT_NONE) + " not to be null."
    if not suggestions:
        error.message = _SUGGESTION.sub("", error.message)
    if len(error.message) > _MAX_MESSAGE_CHARACTERS:
        error.message = error.message[:_MAX_MESSAGE_CHARACTERS] + "…"
    if cause is None or isinstance(cause, GraphQLError):
        if not (error.extensions or {}).get("code"):
            error.extensions = {**(error.extensions or {}), "code": "GRAPHQL_VALIDATION_FAILED"}
        return error
    return _expected_error(error, cause) or _masked_error(error, cause, request_id)


def _expected_error(error: GraphQLError, cause: Exception) -> GraphQLError | None:
    """Return the error for a cause that the service foresees, or None."""
    if isinstance(cause, InvalidOperationTypeError):
        message = "Only subscriptions can be streamed. Send queries and mutations by POST."
        return _with_code(error, message, "NOT_A_SUBSCRIPTION")
    if isinstance(cause, CannotGetOperationTypeError):
        return _with_code(error, cause.as_http_error_reason(), "OPERATION_NOT_FOUND")
    if isinstance(cause, CommitUnknown):
        return _with_code(error, str(cause), "OUTCOME_UNKNOWN")
    if isinstance(cause, TooMuchRead):
        return _with_code(error, str(cause), "RESPONSE_TOO_LARGE", limit=cause.limit_bytes)
    if isinstance(cause, UnfitDatabase):
        # The maintenance may not notice what only this statement needs, such as a right.
        log.warning("database unfit", path=error.path, reason=explain(cause))
    if isinstance(cause, ShareBusy):
        code = SHARE_CODES[cause.share]
        return _with_code(error, str(cause), code, limit=cause.limit, retryAfterSeconds=RETRY_AFTER_SECONDS)
    if isinstance(cause, DatabaseBusy):
        return _with_code(error, str(cause), "DATABASE_BUSY", retryAfterSeconds=RETRY_AFTER_SECONDS)
    if isinstance(cause, StoreUnavailable | DatabaseUnavailable):
        return _with_code(error, str(cause), "UNAVAILABLE")
    return None


def _masked_error(error: GraphQLError, cause: Exception, request_id: str) -> GraphQLError:
    kind = "database" if isinstance(cause, DatabaseError) else "unexpected"
    # Events of a subscription are not logged in the context of a request, so the id is given explicitly.
    log.error("masked error", kind=kind, path=error.path, request_id=request_id, exc_info=cause)
    message = f"An unexpected error occurred in the service. Report it with the request id {request_id}."
    return _with_code(error, message, "INTERNAL_SERVER_ERROR", requestId=request_id)


def _with_code(error: GraphQLError, message: str, code: str, **more: str | int) -> GraphQLError:
    return GraphQLError(message, nodes=error.nodes, path=error.path, extensions={"code": code, **more})
