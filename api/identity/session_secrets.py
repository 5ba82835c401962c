"""The secrets of session cookies: read from a file with one secret in each line, again after each change."""

import hashlib
import os
import secrets
import time
from pathlib import Path
from typing import Any

import structlog
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from api.config.settings import Settings, SettingsError
from api.graphql.json_text import NotJson, decode_json, encode_json
from api.identity.errors import IdentityUnavailable, InvalidCredential

log = structlog.get_logger(__name__)
FILE_NAME = "session-secrets"
MIN_CHARACTERS = 32
# How often the file is looked at.
LOOK_SECONDS = 1.0
_ENCRYPTION = "A256GCM"
_registry = jwe.JWERegistry(algorithms=["dir", _ENCRYPTION])
_NOT_VALID = "The session is not valid. Sign in again."


def secrets_file(settings: Settings) -> Path:
    """Return the file with the secrets: that of the settings, or one in the data folder."""
    return settings.session_secrets_file or settings.data_dir / FILE_NAME


def ensure_secrets(settings: Settings) -> None:
    """Create the file in the data folder if it does not exist, and check the secrets. Raises `SettingsError`."""
    file = secrets_file(settings)
    try:
        if settings.session_secrets_file is None and not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as opened:
                opened.write(secrets.token_urlsafe(48) + "\n")
        _read_keys(file)
    except FileExistsError:
        return  # another process has just created it
    except (OSError, ValueError) as error:
        reason = str(error.strerror).lower() if isinstance(error, OSError) else str(error)
        raise SettingsError(
            f"MILLITASK_SESSION_SECRETS_FILE: {file} cannot be used: {reason}. Write a random secret of at least "
            f"{MIN_CHARACTERS} characters into it, such as the output of `openssl rand -base64 48`."
        ) from None


class SessionSecrets:
    """Encrypts with the first secret of the file, and decrypts with all of them."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._keys: dict[str, OctKey] = {}
        self._version: tuple[int, int] | None = None
        self._look_at = 0.0
        # Changes whenever the secrets change.
        self.generation = 0

    def encrypt(self, content: dict[str, Any]) -> str:
        """Return the content as a text for a cookie."""
        self.look()
        kid, key = next(iter(self._keys.items()))
        header = {"alg": "dir", "enc": _ENCRYPTION, "kid": kid}
        return jwe.encrypt_compact(header, encode_json(content), key, registry=_registry)

    def decrypt(self, text: str) -> dict[str, Any]:
        """Return the content of a text. Raises `InvalidCredential`."""
        self.look()
        try:
            decrypted = jwe.decrypt_compact(text, self._find_key, registry=_registry)
            content = decode_json(decrypted.plaintext or b"")
        except (JoseError, NotJson, ValueError, TypeError, KeyError):
            raise InvalidCredential(_NOT_VALID) from None
        if not isinstance(content, dict):
            raise InvalidCredential(_NOT_VALID)
        return content

    def look(self) -> None:
        """Read the file again if it has changed. While it cannot be read, the secrets stay."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        try:
            status = self._file.stat()
            version = (status.st_mtime_ns, status.st_size)
            if version != self._version:
                self._keys = _read_keys(self._file)
                self._version = version
                self.generation += 1
        except (OSError, ValueError):
            if not self._keys:
                raise IdentityUnavailable("The session secrets cannot be read.") from None
            log.warning("session secrets cannot be read", file=str(self._file))

    def _find_key(self, message: Any) -> OctKey:
        return self._keys[message.headers()["kid"]]


def _read_keys(file: Path) -> dict[str, OctKey]:
    """Return a key for each secret. Raises `OSError`, and `ValueError` with a message without secrets."""
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    given = [line for line in lines if line]
    if not given or any(len(line) < MIN_CHARACTERS for line in given):
        raise ValueError(f"it must have secrets of at least {MIN_CHARACTERS} characters, one in each line")
    keys = {}
    for line in given:
        key = hashlib.sha256(b"millitask session " + line.encode()).digest()
        keys[hashlib.sha256(key).hexdigest()[:16]] = OctKey.import_key(key)
    return keys
