"""The outcome of an operation: the JSON of its answer, its record for logs and metrics, and its trace."""

import time
from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError
from graphql import OperationType as GraphQLOperation

from api.graphql.json_text import encode_json
from api.graphql.refusals import too_large_error
from api.graphql.response import OK, OperationRecord, body_of, has_more_text
from cache.metrics import StoreMetrics
from schema.execution.answer import Answer
from schema.execution.plan import Plan


def encoded(answer: Answer, plan: Plan, points: int, limit: int) -> bytes:
    """Return the JSON of an answer. Raises `RequestError` if it has more bytes than the limit."""
    content = body_of(answer)
    # Most operations are so small that their texts need no count.
    if points * plan.point_bytes <= limit or not has_more_text(content, limit):
        body = encode_json(content)
        if len(body) <= limit:
            return body
    raise too_large_error(limit, wrote=plan.kind is not GraphQLOperation.QUERY)


def record_of(plan: Plan, outcome: str = OK, points: int | None = None, errors: int = 0) -> OperationRecord:
    """Return what logs and metrics tell of an operation that has ended."""
    return OperationRecord(outcome, plan.logged_name, plan.document_hash, points, errors, plan)


def outcome_of(errors: Sequence[GraphQLError]) -> str:
    """Return OK or the code of the first error."""
    return str((errors[0].extensions or {}).get("code")) if errors else OK


def trace_extension(metrics: StoreMetrics, started: float, *, degraded: bool) -> dict[str, Any]:
    """Return the extension that says what an operation cost the stores. `started` is a time of `perf_counter`."""
    return {
        "hits": metrics.hits,
        "misses": metrics.misses,
        "sqlQueries": metrics.sql_queries,
        "redisRoundTrips": metrics.redis_round_trips,
        "degraded": degraded,
        "serverMs": round((time.perf_counter() - started) * 1000, 3),
    }
