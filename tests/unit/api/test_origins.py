"""Tests which origins the setting MILLITASK_CORS_ORIGINS allows."""

import pytest

from api.config.origins import AllowedOrigins
from api.config.settings import Settings


def allowed(setting: str, origin: str) -> bool:
    return origin in AllowedOrigins(Settings(cors_origins=setting).allowed_origins)


@pytest.mark.parametrize(
    ("setting", "origin"),
    [
        ("https://app.example", "https://app.example"),
        ("https://App.example:443", "https://app.example"),
        ("http://localhost:3000, https://app.example", "https://app.example"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("https://*.preview.example.com", "https://pr-7.preview.example.com"),
        ("https://*.preview.example.com", "https://a.b.preview.example.com"),
        ("https://*.example.com:8443", "https://a.example.com:8443"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("tauri://localhost", "tauri://localhost"),
        ("chrome-extension://flnheeellpciglgpaodhkhmapeljopja", "chrome-extension://flnheeellpciglgpaodhkhmapeljopja"),
        ("file://", "file://"),
    ],
)
def test_origin_of_the_setting_is_allowed(setting: str, origin: str) -> None:
    assert allowed(setting, origin)


@pytest.mark.parametrize(
    ("setting", "origin"),
    [
        ("", "https://app.example"),
        ("", ""),
        ("https://app.example", "http://app.example"),
        ("https://app.example", "https://app.example.evil.example"),
        ("https://app.example", "https://app.example:8443"),
        ("https://app.example", "https://appxexample"),
        ("https://app.example", "null"),
        ("https://*.example.com", "https://example.com"),
        ("https://*.example.com", "https://evil-example.com"),
        ("https://*.example.com", "https://a.example.com.evil.example"),
        ("https://*.example.com", "https://evil.example/.example.com"),
        ("https://*.example.com", "https://evil.example#.example.com"),
        ("https://*.example.com", "https://.example.com"),
        ("https://*.example.com", "https://a.example.com\n"),
        ("https://*.example.com", "http://a.example.com"),
        ("capacitor://localhost", "tauri://localhost"),
        ("file://", "file:///etc"),
    ],
)
def test_other_origin_is_not_allowed(setting: str, origin: str) -> None:
    assert not allowed(setting, origin)


def test_each_refusal_is_logged_once_and_not_without_end(capsys: pytest.CaptureFixture[str]) -> None:
    origins = AllowedOrigins()
    for _ in range(2):
        origins.log_refusal("https://a.example", "localhost:8000")
    origins.log_refusal("https://a.example", "127.0.0.1:8000")
    [first, second] = capsys.readouterr().out.splitlines()
    assert "https://a.example" in first
    assert "localhost:8000" in first
    assert "MILLITASK_CORS_ORIGINS" in first
    assert "127.0.0.1:8000" in second
    for number in range(1000):
        origins.log_refusal(f"https://{number}.example", "x" * 10_000)
    assert len(capsys.readouterr().out) < 100_000
