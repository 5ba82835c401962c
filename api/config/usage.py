"""The settings of usage analytics."""

from pydantic import Field

from api.config.identity import IdentitySettings


class UsageSettings(IdentitySettings):
    """The settings of usage analytics, as a part of the settings."""

    usage: bool = Field(
        default=True,
        description="false turns the counting of usage off; insights and advice then have no new data. Default: true.",
    )
    usage_days: int = Field(
        default=400,
        ge=1,
        le=3650,
        description="Days for which counts of usage are kept, 1 to 3,650. Default: 400.",
    )
    usage_terms: bool = Field(
        default=False,
        description="true stores the texts of searches with their counts. Default: false.",
    )
