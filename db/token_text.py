"""The text of API tokens: `mt_` and 256 random bits, and the hash by which the database knows a token."""

import re
import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256

PREFIX = "mt_"
_has_the_form = re.compile(r"mt_[A-Za-z0-9_-]{43}", re.ASCII).fullmatch


def new_token() -> str:
    """Return a new token. Show it once, and store only its hash."""
    return PREFIX + urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()


def token_hash(token: str) -> bytes:
    """Return the SHA-256 of any text."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def has_token_form(text: str) -> bool:
    """Return whether a text could be a token."""
    return _has_the_form(text) is not None
