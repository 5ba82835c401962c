"""The settings of the reports to Sentry and to GraphQL Hive."""

from typing import Self

from pydantic import Field, model_validator

from api.config.limits import PREFIX, Limits
from api.config.values import AbsolutePath, ReportUrl


class ReportSettings(Limits):
    """The settings of reports to other services, as a part of the settings."""

    sentry_dsn: ReportUrl = Field(
        default="",
        repr=False,
        description="DSN of Sentry, or of a service with the same protocol, to which unexpected errors are reported. "
        "Default: none.",
    )
    hive_target: str = Field(
        default="",
        pattern=r"^([\w.-]+(/[\w.-]+){2}|[0-9a-f-]{36})?$",
        description="Target of GraphQL Hive to which the use of the schema is reported: organization/project/target, "
        "or its id. Default: none.",
    )
    hive_token_file: AbsolutePath | None = Field(
        default=None, description="File with the access token of GraphQL Hive. Default: no file."
    )
    hive_endpoint: ReportUrl = Field(
        default="https://app.graphql-hive.com/usage",
        description="URL to which the reports for GraphQL Hive are sent. Default: https://app.graphql-hive.com/usage.",
    )
    hive_sample: float = Field(
        default=1, ge=0, le=1, description="Share of the operations that are reported to Hive, 0 to 1. Default: 1."
    )

    @model_validator(mode="after")
    def _check_hive(self) -> Self:
        if bool(self.hive_target) != (self.hive_token_file is not None):
            raise ValueError(f"{PREFIX}HIVE_TARGET and {PREFIX}HIVE_TOKEN_FILE need each other. Set both or neither.")
        try:
            self.hive_token  # noqa: B018 - reads the file
        except OSError as error:
            raise ValueError(f"{PREFIX}HIVE_TOKEN_FILE cannot be read: {error.strerror}") from None
        return self

    @property
    def hive_token(self) -> str:
        """The access token of GraphQL Hive. The file is read on each call and never passed to a child."""
        return "" if self.hive_token_file is None else self.hive_token_file.read_text().strip()
