"""Variables that begin as ours do and are none of ours: most likely one of them, misspelt."""

from collections.abc import Iterable
from difflib import get_close_matches


def complaints(prefix: str, given: Iterable[str], known: Iterable[str]) -> list[str]:
    """Say of each that was given and is not known, which was meant."""
    known = [name.removeprefix(prefix) for name in known]
    # Case does not matter to pydantic-settings either.
    strangers = [name for name in given if name.upper().startswith(prefix)]
    return [
        _introduce(prefix, name, known) for name in sorted(strangers) if name.upper().removeprefix(prefix) not in known
    ]


def _introduce(prefix: str, name: str, known: list[str]) -> str:
    # Without what they all begin with, which would make each like the other.
    nearest = get_close_matches(name.upper().removeprefix(prefix), known, n=1)
    hint = f"did you mean {prefix}{nearest[0]}? If not, unset it" if nearest else "unset it"
    return f"{name} is not a setting; {hint} (docs/settings.md lists all there are)"
