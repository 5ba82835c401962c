"""Passwords of the stores, read from files so that the environment need not contain them."""

from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit


def with_password(url: str, file: Path) -> str:
    """Return the URL with the password from the file.

    Raises `ValueError` with a message that follows the name of the URL's variable and contains no secret.
    """
    password = _read_password(file)
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    if ":" in user or "password" in parse_qs(parts.query):
        raise ValueError(f"contains a password, and {file} contains one too. Remove one of them.")
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}"))


def _read_password(file: Path) -> str:
    try:
        # Most editors end a file with a line break, which is not part of the password.
        password = file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = str(error.strerror).lower() if isinstance(error, OSError) else "the file is not UTF-8"
        raise ValueError(f"needs the password in {file}, which cannot be read: {reason}.") from None
    if not password:
        raise ValueError(f"needs the password in {file}, which is empty. Write the password into the file.")
    return password
