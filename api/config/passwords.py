"""A store's password that stands in a file of its own, and not in the environment."""

from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit


def with_password(url: str, file: Path) -> str:
    """Return the URL with the password that the file holds. Raises `ValueError`, without either."""
    password = _read(file)
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    if ":" in user or "password" in parse_qs(parts.query):
        raise ValueError("holds a password, and so does the file that is named for it; leave it out of one of them")
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}"))


def _read(file: Path) -> str:
    try:
        # An editor ends the file with a line break, which is not meant.
        password = file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = str(error.strerror).lower() if isinstance(error, OSError) else "it is not UTF-8"
        raise ValueError(f"needs the password in {file}, which cannot be read: {reason}") from None
    if not password:
        raise ValueError(f"needs the password in {file}, which is empty")
    return password
