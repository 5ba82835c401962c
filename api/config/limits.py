"""The settings that limit what clients may ask for, and what the service asks of PostgreSQL."""

from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

PREFIX = "MILLITASK_"


class Limits(BaseSettings):
    """The limits, as a part of the settings."""

    max_connections: int = Field(
        default=4096,
        ge=16,
        le=1_000_000,
        description="Open connections of a worker, WebSockets included, 16 to 1,000,000; one more closes the longest "
        "idle one. Default: 4,096.",
    )
    max_requests_in_flight: int = Field(
        default=64,
        ge=1,
        le=100_000,
        description="Requests that a worker runs at once, 1 to 100,000; more get 503. Default: 64.",
    )
    max_streams: int = Field(
        default=2000,
        ge=1,
        le=1_000_000,
        description="Streams of a worker, WebSocket connections and event streams together, 1 to 1,000,000. "
        "Default: 2,000.",
    )
    max_subscriptions: int = Field(
        default=5000,
        ge=1,
        le=1_000_000,
        description="Subscriptions of a worker over all its WebSocket connections and event streams, 1 to 1,000,000. "
        "Default: 5,000.",
    )
    max_header_bytes: int = Field(
        default=16 * 2**10,
        ge=1024,
        le=2**20,
        description="Target and headers of a request in bytes, 1 KiB to 1 MiB; more get 431. Default: 16 KiB.",
    )
    max_body_bytes: int = Field(
        default=2**20,
        ge=1024,
        le=2**30,
        description="Largest request body in bytes, 1 KiB to 1 GiB; a larger one gets 413. Default: 1 MiB.",
    )
    max_response_bytes: int = Field(
        default=8 * 2**20,
        ge=2**16,
        le=2**30,
        description="Largest response of an operation in bytes, 64 KiB to 1 GiB. Default: 8 MiB.",
    )
    receive_timeout_ms: int = Field(
        default=30_000,
        ge=100,
        le=3_600_000,
        description="Time in which a request must arrive in milliseconds, 100 to 3,600,000; after it: 408. Default: "
        "30,000.",
    )
    send_timeout_ms: int = Field(
        default=30_000,
        ge=100,
        le=3_600_000,
        description="Time in which a client must take a response in milliseconds, 100 to 3,600,000; after it the "
        "connection is closed. Default: 30,000.",
    )
    max_document_characters: int = Field(
        default=64 * 2**10,
        ge=1024,
        le=2**20,
        description="Characters of a document, 1,024 to 1,048,576. Default: 65,536.",
    )
    max_depth: int = Field(
        default=10, ge=4, le=100, description="Levels of nested fields in an operation, 4 to 100. Default: 10."
    )
    max_aliases: int = Field(
        default=30, ge=0, le=10_000, description="Aliases in an operation, 0 to 10,000. Default: 30."
    )
    max_directives: int = Field(
        default=30, ge=0, le=10_000, description="Directives in an operation, 0 to 10,000. Default: 30."
    )
    max_tokens: int = Field(
        default=2000, ge=100, le=100_000, description="Tokens in a document, 100 to 100,000. Default: 2,000."
    )
    max_cost: int = Field(
        default=5000,
        ge=1,
        le=1_000_000,
        description="Cost of an operation in points, 1 to 1,000,000. One point is about one task. Default: 5,000.",
    )
    points_per_minute: int = Field(
        default=0,
        ge=0,
        le=1_000_000_000,
        description="Points that a caller may spend per minute, 0 to 1,000,000,000; more get 429; 0 is no limit. "
        "Tokens may have other limits. Default: 0.",
    )
    points_burst: int = Field(
        default=0,
        ge=0,
        le=1_000_000_000,
        description="Points that a caller may save up and spend at once, 0 to 1,000,000,000; 0 is the points of a "
        "minute. Default: 0.",
    )
    workspace_points_per_minute: int = Field(
        default=0,
        ge=0,
        le=1_000_000_000,
        description="Points that all callers of a workspace may spend per minute together, 0 to 1,000,000,000; 0 is "
        "as many as one caller. Default: 0.",
    )
    max_batch: int = Field(
        default=0, ge=0, le=100, description="Operations in one batch, 0 to 100; 0 refuses batches. Default: 0."
    )
    request_timeout_ms: int = Field(
        default=10_000,
        ge=1,
        le=3_600_000,
        description="Time limit of a request in milliseconds, 1 to 3,600,000; after it: 503. Default: 10,000.",
    )
    database_pool_size: int = Field(
        default=10, ge=1, le=1000, description="Database connections in the pool of a worker, 1 to 1,000. Default: 10."
    )
    statement_timeout_ms: int = Field(
        default=5000,
        ge=1,
        le=3_600_000,
        description="Time limit of an SQL statement in milliseconds, 1 to 3,600,000. Default: 5,000.",
    )
    transaction_timeout_ms: int = Field(
        default=10_000,
        ge=1,
        le=3_600_000,
        description="Time limit of an SQL transaction in milliseconds, 1 to 3,600,000, at least the limit of a "
        "statement. Default: 10,000.",
    )

    @model_validator(mode="after")
    def _check_timeouts(self) -> Self:
        if self.transaction_timeout_ms < self.statement_timeout_ms:
            raise ValueError(
                f"{PREFIX}TRANSACTION_TIMEOUT_MS ({self.transaction_timeout_ms}) must not be less than "
                f"{PREFIX}STATEMENT_TIMEOUT_MS ({self.statement_timeout_ms})"
            )
        return self
