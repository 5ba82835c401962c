"""The GraphQL type of a caller's rate limit."""

import time
from datetime import UTC, datetime, timedelta

import strawberry

from schema.context import Info


@strawberry.type(
    description="The points that the caller may spend, from its own bucket or that of its workspace, whichever has "
    "fewer. An operation costs the points of `extensions.cost`."
)
class RateLimit:
    limit: int = strawberry.field(description="How many points the bucket can hold.")
    remaining: int = strawberry.field(
        description="How many points are left, after this operation. Fewer if other workers of the service spent some "
        "in the last second."
    )
    reset_at: datetime = strawberry.field(description="When the bucket is full again, if no operation runs.")


def rate_limit_of(info: Info) -> RateLimit | None:
    """Return the rate limit of the caller, or null without a limit."""
    buckets = info.context.allowance.buckets
    if not buckets:
        return None
    now = time.monotonic()
    scarcest = min(buckets, key=lambda bucket: bucket.remaining(now))
    full_in = timedelta(seconds=scarcest.seconds_until_full(now))
    return RateLimit(
        limit=int(scarcest.burst), remaining=int(scarcest.remaining(now)), reset_at=datetime.now(UTC) + full_in
    )
