"""All settings of the service, read from environment variables."""

import sys
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from api.config.limits import PREFIX
from api.config.passwords import with_password
from api.config.reports import ReportSettings
from api.config.usage import UsageSettings
from api.config.values import AbsolutePath, DatabaseUrl, HeaderNames, Hosts, MemorySize, Networks, Origins, RedisUrl
from api.config.views import ViewSettings
from api.config.warm_start import WarmStartSettings

# The variables without the prefix. Hosting platforms use these names.
URL_VARIABLES = {name: name.upper() for name in ("database_url", "database_replica_url", "redis_url")}


class SettingsError(Exception):
    """A setting that the service cannot use. The message names the variable, one line for each problem."""


class Settings(ViewSettings, WarmStartSettings, UsageSettings, ReportSettings):
    """The settings with their defaults and limits. docs/reference/settings.md describes the same settings."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        populate_by_name=True,
        env_ignore_empty=True,
        extra="forbid",
    )

    database_url: Annotated[DatabaseUrl | None, Field(validation_alias="DATABASE_URL", repr=False)] = Field(
        default=None, description="URL of PostgreSQL 17 or newer. Default: an embedded server."
    )
    database_replica_url: Annotated[DatabaseUrl | None, Field(validation_alias="DATABASE_REPLICA_URL", repr=False)] = (
        Field(default=None, description="URL of a replica for searches and filters. Default: none.")
    )
    redis_url: Annotated[RedisUrl | None, Field(validation_alias="REDIS_URL", repr=False)] = Field(
        default=None, description="URL of Redis 7 or newer, or of Valkey. Default: an embedded server."
    )
    database_password_file: AbsolutePath | None = Field(
        default=None,
        description="File with the password for DATABASE_URL, which then contains none. Default: no file.",
    )
    database_pooling: Literal["session", "transaction"] = Field(
        default="session",
        description="transaction if DATABASE_URL leads to a pooler in transaction mode, such as PgBouncer. "
        "Default: session.",
    )
    database_replica_password_file: AbsolutePath | None = Field(
        default=None, description="File with the password for DATABASE_REPLICA_URL. Default: no file."
    )
    redis_password_file: AbsolutePath | None = Field(
        default=None, description="File with the password for REDIS_URL, which then contains none. Default: no file."
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="Address to listen on. Default: 127.0.0.1.")
    hosts: Hosts = Field(
        default="",
        description="Host names that requests may use, separated by commas; * allows all. localhost and IP addresses "
        "are always allowed. Default: no other name if the service listens on loopback, else all.",
    )
    trusted_proxies: Networks = Field(
        default="",
        description="Addresses or networks of proxies whose X-Forwarded-For names the client, separated by commas. "
        "Default: none.",
    )
    port: int = Field(default=8000, ge=1, le=65535, description="TCP port to listen on, 1 to 65535. Default: 8000.")
    data_dir: AbsolutePath = Field(
        default=Path(".data"), description="Folder for the data of the embedded stores. Default: .data."
    )
    page_dir: AbsolutePath = Field(
        default=Path("web/out"), description="Folder of the built web page. Default: web/out."
    )
    profile: Literal["development", "production"] = Field(
        default="development",
        description="production turns off the playground, introspection, suggestions in errors and traces, and lets "
        "GET run stored documents only. Default: development.",
    )
    workers: int = Field(default=1, ge=1, le=64, description="Number of worker processes, 1 to 64. Default: 1.")
    redis_maxmemory: MemorySize = Field(
        default="1gb",
        description="Memory limit of the embedded Redis in bytes, or with kb, mb or gb; at least 16mb. Default: 1gb.",
    )
    page_cache_mb: int = Field(
        default=16,
        ge=0,
        le=10_000,
        description="Memory of a worker for whole pages in MiB, 0 to 10,000; 0 turns the page cache off. Default: 16.",
    )
    log_level: Literal["debug", "info", "warning", "error", "critical"] = Field(
        default="info",
        description="Lowest level that is logged: debug, info, warning, error or critical. Default: info.",
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto",
        description="json writes one JSON object per line; console writes lines for people; auto writes lines for "
        "people to a terminal, else JSON. Default: auto.",
    )
    slow_ms: int = Field(
        default=1000,
        ge=0,
        le=3_600_000,
        description="A request that takes so many milliseconds is logged as a warning, 0 to 3,600,000; 0 for none. "
        "Default: 1,000.",
    )
    executor: Literal["compiled", "standard"] = Field(
        default="compiled",
        description="compiled compiles each operation on its first use; standard runs every operation by the executor "
        "of graphql-core, which is slower and has the same answers. Default: compiled.",
    )
    trusted_documents: AbsolutePath | None = Field(
        default=None, description="JSON manifest of documents that clients request by hash. Default: no manifest."
    )
    trusted_only: bool = Field(
        default=False, description="true runs only the documents of MILLITASK_TRUSTED_DOCUMENTS. Default: false."
    )
    cors_origins: Origins = Field(
        default="",
        description="Origins of other sites whose pages may use the API, such as https://example.com or "
        "https://*.example.com, separated by commas. Default: no other site.",
    )
    cors_headers: HeaderNames = Field(
        default="",
        description="Request headers that those pages may send as well, such as authorization, separated by commas; * "
        "allows all. Default: no other header.",
    )
    cors_credentials: bool = Field(
        default=False, description="true lets those pages send cookies and HTTP authentication. Default: false."
    )
    trace: bool | None = Field(
        default=None,
        description="true answers the header X-Millitask-Trace: 1 with what a request cost. Default: true in "
        "development, false in production.",
    )
    index_idle: int = Field(
        default=3600,
        ge=0,
        le=31_536_000,
        description="Seconds after which the index of a workspace that no process uses is dropped from Redis, 0 to "
        "31,536,000; 0 for never. It is built again at the next use. Default: 3,600.",
    )
    retention_days: int = Field(
        default=30,
        ge=1,
        le=3650,
        description="Days after which the rows of deleted and expired tasks are purged, 1 to 3,650. Default: 30.",
    )
    audit_days: int = Field(
        default=365,
        ge=1,
        le=36_500,
        description="Days after which the entries of the audit log are purged, 1 to 36,500. Default: 365.",
    )
    drain_seconds: float = Field(
        default=0,
        ge=0,
        le=3600,
        description="Seconds that a stopping worker still accepts requests while /readyz answers 503, 0 to 3,600, so "
        "that load balancers choose other workers first. Default: 0.",
    )
    shutdown_seconds: float = Field(
        default=10,
        ge=0,
        le=3600,
        description="Seconds that a stopping worker waits for requests in flight, 0 to 3,600. Default: 10.",
    )

    @model_validator(mode="after")
    def _check_password_files(self) -> Self:
        for name in ("DATABASE", "DATABASE_REPLICA", "REDIS"):
            try:
                self._address(name)
            except ValueError as error:
                raise ValueError(f"{name}_URL {error}") from None
        return self

    @model_validator(mode="after")
    def _check_trusted_only(self) -> Self:
        if self.trusted_only and self.trusted_documents is None:
            raise ValueError(f"{PREFIX}TRUSTED_ONLY needs a manifest. Set {PREFIX}TRUSTED_DOCUMENTS as well.")
        return self

    @property
    def database_address(self) -> str | None:
        """DATABASE_URL with its password. The password file is read on each call and never passed to a child."""
        return self._address("DATABASE")

    @property
    def replica_address(self) -> str | None:
        """DATABASE_REPLICA_URL with its password."""
        return self._address("DATABASE_REPLICA")

    @property
    def redis_address(self) -> str | None:
        """REDIS_URL with its password."""
        return self._address("REDIS")

    def _address(self, name: str) -> str | None:
        url: str | None = getattr(self, f"{name.lower()}_url")
        file: Path | None = getattr(self, f"{name.lower()}_password_file")
        if file is None:
            return url
        if url is None:
            raise ValueError(f"is not set, but {PREFIX}{name}_PASSWORD_FILE is. Set both or neither.")
        return with_password(url, file)

    @property
    def allowed_hosts(self) -> list[str]:
        """The host names of `hosts`, in lower case."""
        return [name.strip().lower() for name in self.hosts.split(",") if name]

    @property
    def allowed_origins(self) -> list[str]:
        """The origins of `cors_origins`."""
        return [origin.strip() for origin in self.cors_origins.split(",") if origin]

    @property
    def allowed_headers(self) -> list[str]:
        """The names of headers in `cors_headers`."""
        return [name.strip() for name in self.cors_headers.split(",") if name]

    @property
    def database_connections(self) -> int:
        """The most connections that all workers open: for each, its pool, the gate watcher's and that of identity."""
        return self.workers * (self.database_pool_size + (2 if self.identity_methods else 1))

    @property
    def logs_as_json(self) -> bool:
        """Whether log lines are JSON objects."""
        return not sys.stdout.isatty() if self.log_format == "auto" else self.log_format == "json"

    @property
    def development(self) -> bool:
        """Whether the profile is `development`, in which developers write clients against the service."""
        return self.profile == "development"

    def environment(self) -> dict[str, str]:
        """Return the variables from which a child process reads the same settings."""
        values = self.model_dump(exclude_none=True)
        return {variable(name): str(value) for name, value in values.items()}


def variable(field: str) -> str:
    """Return the environment variable that sets a field."""
    return URL_VARIABLES.get(field, PREFIX + field.upper())
