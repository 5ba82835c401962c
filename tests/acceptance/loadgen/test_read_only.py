"""A PostgreSQL that is read-only for a while: clients are told so, and a load continues afterwards."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg

from api.devstores import postgres
from api.devstores.folder import DataFolder
from tests.support.service_process import ROOT, Service, serve, until

COUNT = 4000
CREATE = """mutation { createTask(input: { title: "Refused" }) { task { id } userErrors { message } } }"""
COUNTED = "{ tasks(first: 1) { totalCount } }"


def send(service: Service, document: str) -> Any:
    return httpx.post(f"http://127.0.0.1:{service.port}/graphql", json={"query": document}, timeout=30).json()


def total(service: Service) -> int:
    return int(send(service, COUNTED)["data"]["tasks"]["totalCount"])


@contextmanager
def read_only(data: Path) -> Iterator[None]:
    with psycopg.connect(postgres.url(DataFolder(data)), autocommit=True) as admin:
        admin.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        admin.execute("SELECT pg_reload_conf()")
        yield
        admin.execute("SET default_transaction_read_only = off")
        admin.execute("ALTER SYSTEM RESET default_transaction_read_only")
        admin.execute("SELECT pg_reload_conf()")


def is_refused(service: Service) -> bool:
    answer = send(service, CREATE)
    if "errors" not in answer:
        return False
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "UNAVAILABLE"
    assert error["message"].startswith("The database is read-only")
    return True


def test_load_continues_when_the_database_is_writable_again(tmp_path: Path) -> None:
    data, summary = tmp_path / "data", tmp_path / "summary.json"
    with serve(data) as service:
        url = f"http://127.0.0.1:{service.port}/graphql"
        options = ["--count", str(COUNT), "--batch", "10", "--concurrency", "1", "--url", url, "--json", str(summary)]
        with subprocess.Popen(
            [sys.executable, "-m", "loadgen", "load", *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as loader:
            assert until(lambda: total(service) > 0)
            with read_only(data):
                assert until(lambda: is_refused(service))
                before = total(service)
                assert before < COUNT
                assert is_refused(service)
                assert loader.poll() is None
            printed, _ = loader.communicate(timeout=120)
        assert loader.returncode == 0, printed
        assert json.loads(summary.read_text())["retries"] > 0
        created = [line for line in service.output.read_text().splitlines() if "database unfit" in line]
        assert any("read-only transaction" in line for line in created)
        # The creates of this test that were not refused are in the total as well.
        assert total(service) >= COUNT
