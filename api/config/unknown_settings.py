"""Find environment variables that have the prefix of settings but are none, such as misspelled names."""

from collections.abc import Iterable
from difflib import get_close_matches


def unknown_settings(prefix: str, given: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return an error message for each given name that has the prefix and is not known."""
    suffixes = [name.removeprefix(prefix) for name in known]
    # pydantic-settings ignores case too.
    candidates = sorted(name for name in given if name.upper().startswith(prefix))
    return [
        _message(prefix, name, suffixes) for name in candidates if name.upper().removeprefix(prefix) not in suffixes
    ]


def _message(prefix: str, name: str, suffixes: list[str]) -> str:
    # Compared without the prefix, which would make all names similar.
    nearest = get_close_matches(name.upper().removeprefix(prefix), suffixes, n=1)
    hint = f"Did you mean {prefix}{nearest[0]}? If not, unset it" if nearest else "Unset it"
    return f"{name} is not a setting. {hint} (docs/reference/settings.md lists all settings)."
