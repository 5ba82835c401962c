"""Sets the number of examples of a property test."""

from hypothesis import settings


def examples(number: int) -> int:
    """Return the number of examples, or a quarter of it in the profile `quick` of `make check`."""
    quick = settings.get_current_profile_name() == "quick"
    return max(1, number // 4) if quick else number
