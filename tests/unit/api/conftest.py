"""No test in this folder reads the settings of the environment that runs it."""

import pytest

from api.config.settings import Settings, variable


@pytest.fixture(autouse=True)
def _without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)
