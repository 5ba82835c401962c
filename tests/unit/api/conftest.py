"""Fixtures: tests of this folder ignore settings in the environment."""

import pytest

from api.config.settings import Settings, variable


@pytest.fixture(autouse=True)
def _without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)
