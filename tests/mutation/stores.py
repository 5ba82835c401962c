"""Shares running stores with the tests of many mutants: starting stores takes longer than most tests."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

_MEMORY_FOLDER = Path("/dev/shm")
_TEMPLATE = "template_millitask"


@contextmanager
def shared_stores() -> Iterator[dict[str, str]]:
    """Run stores in a process of their own, which imports the modules of the project, and yield their URLs."""
    command = [sys.executable, "-m", "tests.mutation.stores"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.communicate()


def drop_databases(url: str) -> None:
    """Drop the databases that tests left, because they were ended."""
    with psycopg.connect(url, autocommit=True) as connection:
        names = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%'").fetchall()
        for (name,) in names:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


class SharedStores:
    """A plugin of pytest: tests use these stores, and the template database of the first session."""

    def __init__(self, urls: dict[str, str], *, new_template: bool) -> None:
        self._urls, self._new_template = urls, new_template

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Any:
        """Replace the fixtures of tests/conftest.py that start stores."""
        if fixturedef.argname == "stores" and fixturedef.baseid == "tests":
            from api.devstores import StoreUrls

            result: Any = StoreUrls(**self._urls)
        elif fixturedef.argname == "template_database":
            if self._new_template:
                self._drop_template()
            if not self._has_template():
                return None  # the fixture creates it
            result = _TEMPLATE
        else:
            return None
        fixturedef.cached_result = (result, fixturedef.cache_key(request), None)
        return result

    def _drop_template(self) -> None:
        with psycopg.connect(self._urls["database_url"], autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {_TEMPLATE} WITH (FORCE)")

    def _has_template(self) -> bool:
        with psycopg.connect(self._urls["database_url"], autocommit=True) as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", (_TEMPLATE,))
            return found.fetchone() is not None


def main() -> None:
    """Run stores until the standard input is closed."""
    from api.config.settings import Settings
    from api.devstores import EmbeddedStores

    in_memory = _MEMORY_FOLDER if _MEMORY_FOLDER.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="millitask-mutation-", dir=in_memory) as folder:
        settings = Settings(database_url=None, redis_url=None, data_dir=Path(folder))
        with EmbeddedStores(settings, durable=False) as urls:
            sys.stdout.write(json.dumps({"database_url": urls.database_url, "redis_url": urls.redis_url}) + "\n")
            sys.stdout.flush()
            sys.stdin.read()


if __name__ == "__main__":
    main()
