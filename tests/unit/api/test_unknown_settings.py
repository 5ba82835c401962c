"""Tests that unknown variables that resemble settings prevent the start."""

import pytest

from api.config.load import load_settings
from api.config.settings import SettingsError


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("MILLITASK_WORKER", "Did you mean MILLITASK_WORKERS?"),
        ("MILLITASK_STATEMENT_TIMEOUT", "Did you mean MILLITASK_STATEMENT_TIMEOUT_MS?"),
        ("MILLITASK_DATADIR", "Did you mean MILLITASK_DATA_DIR?"),
        ("millitask_prot", "Did you mean MILLITASK_PORT?"),
        ("MILLITASK_XYZZY", "Unset it (docs/reference/settings.md"),
    ],
)
def test_unknown_setting_is_refused_with_a_suggestion(monkeypatch: pytest.MonkeyPatch, name: str, hint: str) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(SettingsError, match=rf"^{name} is not a setting\. ") as caught:
        load_settings()
    assert hint in str(caught.value)


def test_each_unknown_setting_has_its_own_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLITASK_PROT", "1")
    monkeypatch.setenv("MILLITASK_WORKER", "1")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert [line.split()[0] for line in str(caught.value).splitlines()] == ["MILLITASK_PROT", "MILLITASK_WORKER"]


def test_empty_variables_and_other_prefixes_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLITASK_XYZZY", "")
    monkeypatch.setenv("MILLITASKS", "1")
    monkeypatch.setenv("millitask_port", "9000")
    assert load_settings().port == 9000
