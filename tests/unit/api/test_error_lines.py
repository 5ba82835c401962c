"""Tests what a log line says of an exception."""

import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from api.config.settings import Settings
from api.process import logs


@pytest.fixture
def restored() -> Iterator[None]:
    """Restore the configuration of logging after the test."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("form", ["json", "console"])
def test_exception_has_no_values_of_variables(
    form: Literal["json", "console"], capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(Settings(log_format=form))
    token = "".join(["se", "same"])

    def fail(given: str) -> None:
        raise ValueError(len(given))

    try:
        fail(token)
    except ValueError:
        structlog.get_logger("api").exception("unexpected error")
    written = capsys.readouterr().out
    assert "unexpected error" in written
    assert "ValueError" in written
    assert token not in written
