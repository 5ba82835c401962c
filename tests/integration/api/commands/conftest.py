"""Runs commands on the stores of a test."""

import re
from collections.abc import Callable, Iterator

import psycopg
import pytest

from api.cli import app

Command = Callable[..., tuple[str, str]]


@pytest.fixture
def admin(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def command(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Return a function that runs a command and returns its stdout and stderr."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("USER", "ada")
    monkeypatch.setenv("LOGNAME", "ada")

    def run(*arguments: str) -> tuple[str, str]:
        app(list(arguments))
        captured = capsys.readouterr()
        return captured.out, captured.err

    return run


def table(out: str) -> list[list[str]]:
    """Return the cells of a printed table, without its head."""
    return [re.split(r"\s{2,}", line) for line in out.splitlines()[1:]]
