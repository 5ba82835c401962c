"""The settings of the warm start."""

from pydantic import Field
from pydantic_settings import BaseSettings


class WarmStartSettings(BaseSettings):
    """The settings of the warm start, as a part of the settings."""

    warm_commands_per_second: int = Field(
        default=50_000,
        ge=0,
        le=10_000_000,
        description="Commands of Redis per second that load the most requested tasks into a new index, 0 to "
        "10,000,000; a task that PostgreSQL reads costs five. 0 turns the warm start off. Default: 50,000.",
    )
    warm_memory_percent: int = Field(
        default=75,
        ge=1,
        le=100,
        description="Share of its memory limit that Redis may use before a warm start ends, 1 to 100 percent. "
        "Default: 75.",
    )
