"""Every setting of the service: the one place that reads the environment."""

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.config.passwords import with_password
from api.config.unknown_settings import complaints

PREFIX = "MILLITASK_"
_URLS = {"database_url": "DATABASE_URL", "redis_url": "REDIS_URL"}
_SCHEMES = {
    "database_url": ("postgresql://", "postgres://"),
    "redis_url": ("redis://", "rediss://", "unix://"),
}
_MEMORY = re.compile(r"(\d+)(k|kb|m|mb|g|gb)?", re.IGNORECASE)
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?|https?://\[[0-9a-f:]+\](:\d+)?")
_UNITS = {"": 1, "k": 1000, "kb": 1024, "m": 10**6, "mb": 2**20, "g": 10**9, "gb": 2**30}
_LEAST_MEMORY = 16 * 2**20


class SettingsError(Exception):
    """A setting that the service cannot work with; the message names the variable."""


class Settings(BaseSettings):
    """What can be set, with its limits. docs/settings.md says the same to people."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, populate_by_name=True, env_ignore_empty=True, extra="forbid"
    )

    database_url: Annotated[str | None, Field(validation_alias="DATABASE_URL", repr=False)] = Field(
        default=None, description="PostgreSQL 17 or newer; unset: an embedded server."
    )
    redis_url: Annotated[str | None, Field(validation_alias="REDIS_URL", repr=False)] = Field(
        default=None, description="Redis or Valkey 7 or newer; unset: an embedded server."
    )
    database_password_file: Path | None = Field(
        default=None, description="A file with the database's password, which DATABASE_URL then leaves out."
    )
    redis_password_file: Path | None = Field(
        default=None, description="A file with Redis' password, which REDIS_URL then leaves out."
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="The address to listen on.")
    hosts: str = Field(
        default="",
        description="Names by which it may be asked, comma-separated; * for any. Addresses always may. "
        "None: localhost alone if it listens on loopback, else any.",
    )
    port: int = Field(default=8000, ge=1, le=65535, description="The TCP port to listen on, 1 to 65535.")
    data_dir: Path = Field(default=Path(".data"), description="The folder of the embedded stores' data.")
    page_dir: Path = Field(default=Path("web/out"), description="The folder of the built web page.")
    profile: Literal["development", "production"] = Field(
        default="development",
        description="production: no playground, introspection, suggestions, traces; GET for stored documents alone.",
    )
    workers: int = Field(default=1, ge=1, le=64, description="Worker processes, 1 to 64.")
    redis_maxmemory: str = Field(
        default="1gb",
        description="Memory of the embedded Redis: bytes, or with kb, mb, gb; 16mb at least.",
    )
    log_level: Literal["debug", "info", "warning", "error", "critical"] = Field(
        default="info", description="The least severe messages that are logged."
    )
    log_format: Literal["json", "console"] = Field(
        default="json", description="json: one object a line; console: for people."
    )
    max_requests_in_flight: int = Field(
        default=64, ge=1, le=100_000, description="Requests a worker answers at once; beyond: 503."
    )
    max_streams: int = Field(
        default=2000, ge=1, le=1_000_000, description="Subscribers a worker may have, WebSockets and SSE together."
    )
    max_body_bytes: int = Field(
        default=2**20,
        ge=1024,
        le=2**30,
        description="The largest request body, bytes; beyond: 413.",
    )
    max_depth: int = Field(default=10, ge=4, le=100, description="Levels of fields in an operation, 4 to 100.")
    max_aliases: int = Field(default=30, ge=0, le=10_000, description="Aliases in an operation, 0 to 10,000.")
    max_directives: int = Field(default=30, ge=0, le=10_000, description="Directives in an operation, 0 to 10,000.")
    max_tokens: int = Field(default=2000, ge=100, le=100_000, description="Tokens in a document, 100 to 100,000.")
    max_cost: int = Field(
        default=5000,
        ge=1,
        le=1_000_000,
        description="Points that an operation may cost; schema/limits/cost.py says each.",
    )
    max_batch: int = Field(
        default=0, ge=0, le=100, description="Operations in one request, sent as a list, 0 to 100; 0: none are taken."
    )
    request_timeout_ms: int = Field(
        default=10_000,
        ge=1,
        le=3_600_000,
        description="The longest request, milliseconds; beyond: given up, 503.",
    )
    trusted_documents: Path | None = Field(
        default=None, description="A manifest of documents that are asked for by their hash: a JSON file."
    )
    trusted_only: bool = Field(default=False, description="Answer the documents of that manifest, and no other.")
    cors_origins: str = Field(
        default="", description="Other sites whose pages may ask, such as https://example.com, comma-separated."
    )
    trace: bool | None = Field(
        default=None, description="Answer X-Millitask-Trace: 1 with what the request cost; unset: in development."
    )
    database_pool_size: int = Field(
        default=10, ge=1, le=1000, description="Database connections of one worker, 1 to 1000."
    )
    statement_timeout_ms: int = Field(
        default=5000, ge=1, le=3_600_000, description="The longest SQL statement, milliseconds."
    )
    transaction_timeout_ms: int = Field(
        default=10_000, ge=1, le=3_600_000, description="The longest SQL transaction, milliseconds."
    )
    retention_days: int = Field(
        default=30, ge=1, le=3650, description="How long the rows of deleted and expired tasks are kept, days."
    )
    shutdown_seconds: float = Field(
        default=10,
        ge=0,
        le=3600,
        description="How long a stop waits for requests under way, seconds.",
    )

    @field_validator("database_url", "redis_url")
    @classmethod
    def _scheme(cls, value: str | None, info: ValidationInfo) -> str | None:
        schemes = _SCHEMES[info.field_name or ""]
        if value is not None and not value.startswith(schemes):
            raise ValueError(f"must start with {' or '.join(schemes)}")
        return value

    @field_validator("redis_maxmemory")
    @classmethod
    def _memory(cls, value: str) -> str:
        match = _MEMORY.fullmatch(value)
        if match is None:
            raise ValueError("must be a number of bytes, or one with kb, mb or gb, such as 512mb")
        if int(match[1]) * _UNITS[(match[2] or "").lower()] < _LEAST_MEMORY:
            raise ValueError("must be 16mb or more")
        return value.lower()

    @field_validator("data_dir", "page_dir", "trusted_documents", "database_password_file", "redis_password_file")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        # Children are started in other folders than the one a relative path was meant for.
        return None if value is None else value.expanduser().resolve()

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: str) -> str:
        for origin in value.split(",") if value else ():
            if not _ORIGIN.fullmatch(origin.strip()):
                raise ValueError("must be origins such as https://example.com, without a path, separated by commas")
        return value.lower()  # as browsers say it

    @model_validator(mode="after")
    def _passwords(self) -> Self:
        for name in ("DATABASE", "REDIS"):
            try:
                self._address(name)
            except ValueError as error:
                raise ValueError(f"{name}_URL {error}") from None
        return self

    @model_validator(mode="after")
    def _needs_documents(self) -> Self:
        if self.trusted_only and self.trusted_documents is None:
            raise ValueError(f"{PREFIX}TRUSTED_ONLY needs {PREFIX}TRUSTED_DOCUMENTS, which names none")
        return self

    @model_validator(mode="after")
    def _ordered_timeouts(self) -> Self:
        if self.transaction_timeout_ms < self.statement_timeout_ms:
            raise ValueError(
                f"{PREFIX}TRANSACTION_TIMEOUT_MS ({self.transaction_timeout_ms}) must not be below "
                f"{PREFIX}STATEMENT_TIMEOUT_MS ({self.statement_timeout_ms})"
            )
        return self

    @property
    def database_address(self) -> str | None:
        """DATABASE_URL, with the password out of its file; read when it is needed, and handed to no child."""
        return self._address("DATABASE")

    @property
    def redis_address(self) -> str | None:
        """REDIS_URL, likewise."""
        return self._address("REDIS")

    def _address(self, name: str) -> str | None:
        url: str | None = getattr(self, f"{name.lower()}_url")
        file: Path | None = getattr(self, f"{name.lower()}_password_file")
        if file is None:
            return url
        if url is None:
            raise ValueError(f"is not set, but {PREFIX}{name}_PASSWORD_FILE is; set both, or neither")
        return with_password(url, file)

    @property
    def database_connections(self) -> int:
        """How many the workers may open together: each its pool, and one beside it that watches the gate."""
        return self.workers * (self.database_pool_size + 1)

    @property
    def development(self) -> bool:
        """Whether this is for those who write clients, and not for those who use them."""
        return self.profile == "development"

    def environment(self) -> dict[str, str]:
        """Return the variables from which a child process reads these same settings."""
        values = self.model_dump(exclude_none=True)
        return {variable(name): str(value) for name, value in values.items()}


def variable(field: str) -> str:
    """Return the environment variable that sets a field."""
    return _URLS.get(field, PREFIX + field.upper())


def load_settings(**overrides: Any) -> Settings:
    """Read the environment; an override that is not None (a command's option) wins."""
    known = [variable(field) for field in Settings.model_fields if field not in _URLS]
    # What is empty is unset.
    if strangers := complaints(PREFIX, [name for name, value in os.environ.items() if value], known):
        raise SettingsError("\n".join(strangers))
    try:
        return Settings(**{name: given for name, given in overrides.items() if given is not None})
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(dict(item)) for item in error.errors())) from None


def _explain(item: dict[str, Any]) -> str:
    message = str(item["msg"]).removeprefix("Value error, ").replace("Input should be", "must be")
    if not item["loc"]:
        return message
    name = str(item["loc"][0])
    name = name if name in _URLS.values() else variable(name)
    # A URL holds a password, so it is never repeated.
    given = "" if name in _URLS.values() else f" (given: {str(item['input'])!r})"
    return f"{name} {message[0].lower()}{message[1:]}{given}"
