"""Durations on the command line, such as 90d."""

import re
from datetime import timedelta

from api.commands.errors import CommandFailed

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
MAX_DAYS = 36_500


def parse_duration(text: str) -> timedelta:
    """Return a duration: a number and one of the units s, m, h, d and w. Raises `CommandFailed`."""
    found = re.fullmatch(r"([1-9]\d{0,8})([smhdw])", text.strip(), re.ASCII)
    duration = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None
    if duration is None or duration > timedelta(days=MAX_DAYS):
        raise CommandFailed(
            f"a duration is a number with s, m, h, d or w, such as 90d, up to {MAX_DAYS:,}d; not {text}"
        )
    return duration
