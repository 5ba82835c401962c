"""Tests the secrets of session cookies: creation, rotation without a restart, and files that cannot be used."""

import stat
from pathlib import Path

import pytest

from api.config.settings import Settings, SettingsError
from api.identity import session_secrets
from api.identity.errors import IdentityUnavailable, InvalidCredential
from api.identity.session_secrets import SessionSecrets, ensure_secrets, secrets_file

OLD, NEW = "o" * 32, "n" * 40


@pytest.fixture(autouse=True)
def _look_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_secrets, "LOOK_SECONDS", 0.0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "secrets"


def test_secret_is_created_once_and_only_for_the_owner(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    ensure_secrets(settings)
    created = secrets_file(settings)
    assert stat.S_IMODE(created.stat().st_mode) == 0o600
    text = created.read_text()
    ensure_secrets(settings)
    assert created.read_text() == text


def test_secrets_rotate_without_a_restart(file: Path) -> None:
    file.write_text(OLD)
    secrets = SessionSecrets(file)
    before = secrets.encrypt({"a": 1})
    assert OLD not in before
    file.write_text(f"{NEW}\n{OLD}\n")
    after = secrets.encrypt({"a": 2})
    # Another worker that has only the old secret cannot read the new cookie, this one reads both.
    assert (secrets.decrypt(before), secrets.decrypt(after)) == ({"a": 1}, {"a": 2})
    file.write_text(f"{NEW}\n")
    assert secrets.decrypt(after) == {"a": 2}
    with pytest.raises(InvalidCredential):
        secrets.decrypt(before)


def test_unreadable_file_changes_nothing(file: Path) -> None:
    file.write_text(OLD)
    secrets = SessionSecrets(file)
    cookie = secrets.encrypt({"a": 1})
    file.write_text("short")
    assert secrets.decrypt(cookie) == {"a": 1}
    file.unlink()
    assert secrets.decrypt(cookie) == {"a": 1}
    with pytest.raises(IdentityUnavailable):
        SessionSecrets(file).decrypt(cookie)


def test_changed_cookie_is_refused(file: Path) -> None:
    file.write_text(OLD)
    secrets = SessionSecrets(file)
    cookie = secrets.encrypt({"a": 1})
    head, key, iv, text, tag = cookie.split(".")
    for changed in (
        "",
        "a",
        cookie[:-4],
        ".".join((head, key, iv, text[::-1], tag)),
        ".".join((key, key, iv, text, tag)),
    ):
        with pytest.raises(InvalidCredential):
            secrets.decrypt(changed)


@pytest.mark.parametrize("content", ["", "\n\n", "short", f"{OLD}\nshort"])
def test_secrets_that_are_too_short_stop_the_start(file: Path, content: str) -> None:
    file.write_text(content)
    with pytest.raises(SettingsError, match=r"MILLITASK_SESSION_SECRETS_FILE.*at least 32 characters") as caught:
        ensure_secrets(Settings(session_secrets_file=file))
    assert "openssl rand" in str(caught.value)
    assert OLD not in str(caught.value)
