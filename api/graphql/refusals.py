"""Errors of operations that a caller may not run, that take too long, or whose response is too large."""

import math

from api.graphql.request import RequestError
from api.graphql.response import OperationRecord
from cache.rates.allowance import Allowance, RateLimited
from db.caller import Caller
from schema.execution.plan import Plan


def check_scopes(plan: Plan, caller: Caller) -> None:
    """Raise `RequestError` if the caller lacks a scope that the operation requires."""
    if plan.scopes <= caller.scopes:
        return
    missing = " ".join(sorted(plan.scopes - caller.scopes))
    error = RequestError(
        403,
        f"This operation requires the scope {missing}, which the token does not have. Use a token that has it.",
        "FORBIDDEN",
        {"scope": missing},
    )
    # RFC 6750, section 3.
    error.headers = {"WWW-Authenticate": f'Bearer realm="millitask", error="insufficient_scope", scope="{missing}"'}
    raise error


def rate_limit_error(error: RateLimited) -> RequestError:
    """Return the error of an operation for which a bucket has too few points."""
    retry_ms = max(1, math.ceil(error.retry_seconds * 1000))
    refusal = RequestError(
        429,
        f"The rate limit of the {error.bucket} is reached: the operation costs {error.requested:,} points. Nothing was "
        f"changed. Try again in {math.ceil(error.retry_seconds):,} s.",
        "RATE_LIMITED",
        {"retryAfterMs": retry_ms, "limit": error.limit, "requested": error.requested},
    )
    headers = error.allowance.headers() or {}
    refusal.headers = {"Retry-After": str(math.ceil(error.retry_seconds)), **headers}
    return refusal


async def spend(allowance: Allowance, points: int, plan: Plan | None = None) -> None:
    """Take the points of an operation. Raises `RequestError` if there are too few.

    plan: what logs and metrics tell of the refused operation, or None while its document is not read.
    """
    try:
        await allowance.spend(points)
    except RateLimited as error:
        refusal = rate_limit_error(error)
        if plan is not None:
            refusal.record = OperationRecord(refusal.record.outcome, plan.logged_name, plan.document_hash)
        raise refusal from None


def timeout_error(timeout_seconds: float, *, wrote: bool) -> RequestError:
    """Return the error of an operation that was still running after the time limit."""
    # Two codes, because a client may safely retry only a request that wrote nothing.
    limit_ms = round(timeout_seconds * 1000)
    problem, details = f"The request took longer than the limit of {limit_ms:,} ms", {"limit": limit_ms}
    if wrote:
        advice = "The change may have been applied fully or in part. Read the task again before you retry."
        return RequestError(503, f"{problem}. {advice}", "OUTCOME_UNKNOWN", details)
    advice = "Nothing was changed. Request fewer tasks or fields."
    return RequestError(503, f"{problem} and was cancelled. {advice}", "REQUEST_TIMEOUT", details)


def too_large_error(limit: int, *, wrote: bool) -> RequestError:
    """Return the error of an operation whose response has more bytes than the limit."""
    applied = " The changes were applied." if wrote else ""
    return RequestError(
        400,
        f"The response has more than {limit:,} bytes.{applied} Request fewer tasks or fields.",
        "RESPONSE_TOO_LARGE",
        {"limit": limit},
    )
