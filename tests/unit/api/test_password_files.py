"""Tests passwords of the stores that are read from files."""

from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict
from redis.connection import parse_url

from api.config.limits import PREFIX
from api.config.load import load_settings
from api.config.settings import SettingsError


def set_password_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, url: str, text: str | bytes) -> Path:
    file = tmp_path / "password"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    monkeypatch.setenv(f"{name}_URL", url)
    monkeypatch.setenv(f"{PREFIX}{name}_PASSWORD_FILE", str(file))
    return file


@pytest.mark.parametrize(
    ("name", "url", "address"),
    [
        ("DATABASE", "postgresql://me@h:5432/tasks?sslmode=require", "postgresql://me:{}@h:5432/tasks?sslmode=require"),
        ("DATABASE", "postgresql:///tasks?host=/run&user=me", "postgresql://:{}@/tasks?host=/run&user=me"),
        ("DATABASE", "postgresql://me@one,two/tasks", "postgresql://me:{}@one,two/tasks"),
        ("REDIS", "redis://h:6379/1", "redis://:{}@h:6379/1"),
        ("REDIS", "rediss://me@h", "rediss://me:{}@h"),
        ("REDIS", "unix:///run/redis.sock?db=2", "unix://:{}@/run/redis.sock?db=2"),
    ],
)
def test_password_of_a_file_is_added_to_the_url(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, url: str, address: str
) -> None:
    set_password_file(monkeypatch, tmp_path, name, url, "s@:/?#%é same\n")
    settings = load_settings()
    found = settings.database_address if name == "DATABASE" else settings.redis_address
    assert found == address.format("s%40%3A%2F%3F%23%25%C3%A9%20same")
    assert "same" not in repr(settings)
    assert "same" not in str(settings.environment())


def test_clients_parse_the_password_unchanged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    password = "s@:/?#%25 é"
    set_password_file(monkeypatch, tmp_path, "DATABASE", "postgresql:///tasks?host=/run&user=me", password)
    monkeypatch.setenv("REDIS_URL", "unix://me@/run/redis.sock?db=2")
    monkeypatch.setenv("MILLITASK_REDIS_PASSWORD_FILE", str(tmp_path / "password"))
    settings = load_settings()
    assert settings.database_address is not None
    assert settings.redis_address is not None
    database = conninfo_to_dict(settings.database_address)
    assert database == {"password": password, "user": "me", "host": "/run", "dbname": "tasks"}
    redis = parse_url(settings.redis_address)  # type: ignore[no-untyped-call]
    assert (redis["username"], redis["password"], redis["path"]) == ("me", password, "/run/redis.sock")


@pytest.mark.parametrize("name", ["DATABASE", "REDIS"])
@pytest.mark.parametrize(
    ("user", "text", "problem"),
    [
        ("", "", "which is empty"),
        ("", b"\xff", "the file is not UTF-8"),
        ("me:sesame@", "sesame", "Remove one of them"),
    ],
)
def test_unusable_password_file_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, user: str, text: str | bytes, problem: str
) -> None:
    scheme = {"DATABASE": "postgresql", "REDIS": "redis"}[name]
    file = set_password_file(monkeypatch, tmp_path, name, f"{scheme}://{user}h/0", text)
    with pytest.raises(SettingsError, match=f"^{name}_URL ") as caught:
        load_settings()
    assert problem in str(caught.value)
    assert str(file) in str(caught.value)
    assert "sesame" not in str(caught.value)


def test_missing_password_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    set_password_file(monkeypatch, tmp_path, "REDIS", "redis://h", "sesame").unlink()
    with pytest.raises(SettingsError, match=r"^REDIS_URL needs the password in .*: no such file"):
        load_settings()


def test_password_file_without_a_url_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    set_password_file(monkeypatch, tmp_path, "REDIS", "redis://h", "sesame")
    monkeypatch.delenv("REDIS_URL")
    with pytest.raises(SettingsError, match=r"^REDIS_URL is not set, but MILLITASK_REDIS_PASSWORD_FILE is"):
        load_settings()
