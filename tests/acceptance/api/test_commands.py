"""The commands of `python -m api`: their effects, their output and their error messages."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from api.config.settings import Settings
from api.devstores import EmbeddedStores, StoreUrls
from millitask import __version__
from tests.support.service_process import ROOT, command, free_port, serve


def error_line(done: "subprocess.CompletedProcess[str]") -> str:
    """Return the only line of a command that failed with an expected error."""
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_help_names_the_commands(tmp_path: Path) -> None:
    done = command(tmp_path, "--help")
    assert done.returncode == 0
    for name in ("serve", "migrate", "reindex", "schema", "reset"):
        assert name in done.stdout
    assert "worker " not in done.stdout


@pytest.mark.parametrize("module", ["api", "loadgen", "benchmarks", "tests.faults", "tests.fuzz"])
def test_version_is_that_of_the_package(module: str) -> None:
    done = subprocess.run([sys.executable, "-m", module, "--version"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{__version__}\n", "")
    assert re.search(rf"^## {re.escape(__version__)} \(", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize("module", ["api", "loadgen"])
def test_interruption_while_the_commands_are_imported_prints_nothing(module: str) -> None:
    script = f"""
import runpy, signal, sys

class Interrupter:
    def find_spec(self, name, path, target=None):
        if name == "cyclopts":
            signal.raise_signal(signal.SIGINT)

# A shell starts a command in the background with Ctrl C ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupter())
runpy.run_module("{module}", run_name="__main__", alter_sys=True)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize(
    "arguments", [("serve", "--prot", "1"), ("serve", "--port", "x"), ("sever",), ("migrate", "now")]
)
def test_wrong_usage_exits_with_code_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = command(tmp_path, *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["serve", "migrate", "reindex"])
def test_invalid_setting_is_reported_in_one_line(tmp_path: Path, name: str) -> None:
    done = command(tmp_path, name, MILLITASK_WORKERS="0")
    assert "MILLITASK_WORKERS must be greater than or equal to 1 (given: '0')" in error_line(done)


def test_option_out_of_range_is_reported_in_one_line(tmp_path: Path) -> None:
    assert "MILLITASK_PORT" in error_line(command(tmp_path, "serve", "--port", "0"))


@pytest.mark.parametrize("name", ["migrate", "reindex"])
def test_command_without_running_stores_says_what_to_do(tmp_path: Path, name: str) -> None:
    line = error_line(command(tmp_path, name))
    assert f"no embedded stores are running in {tmp_path}" in line
    assert "DATABASE_URL" in line


def test_commands_use_the_running_stores(tmp_path: Path) -> None:
    settings = Settings(database_url=None, redis_url=None, data_dir=tmp_path)
    with EmbeddedStores(settings, durable=False) as urls:
        done = command(tmp_path, "migrate")
        assert (done.returncode, done.stderr.split()[0]) == (0, "Applied")
        done = command(tmp_path, "migrate")
        assert (done.returncode, done.stderr) == (0, "Nothing to apply.\n")
        with psycopg.connect(urls.database_url) as connection:
            assert connection.execute("SELECT count(*) FROM task").fetchone() == (0,)
        done = command(tmp_path, "reindex")
        assert (done.returncode, done.stderr) == (0, "The index holds 0 tasks.\n")
        assert "in use" in error_line(command(tmp_path, "reset", "--yes"))


def test_reset_needs_a_confirmation(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    done = command(tmp_path, "reset")
    assert done.returncode == 1
    assert "Nothing was deleted" in done.stderr
    assert (tmp_path / "postgres").exists()
    assert command(tmp_path, "reset", "--yes").returncode == 0
    assert not (tmp_path / "postgres").exists()


def test_schema_prints_the_sdl(tmp_path: Path) -> None:
    done = command(tmp_path, "schema")
    assert done.returncode == 0
    assert "type Query {" in done.stdout
    assert done.stdout == (ROOT / "schema" / "schema.graphql").read_text()


UNUSABLE = [
    ("DATABASE_URL", "mysql://me:sesame@127.0.0.1/x", "must start with postgresql://"),
    ("DATABASE_URL", "postgresql://me:sesame@127.0.0.1:{port}/x", "Connection refused"),
    ("DATABASE_URL", "postgresql://me:ses@me@127.0.0.1:{port}/x", "%40"),
    ("DATABASE_URL", "postgresql://me:ses/ame@127.0.0.1:{port}/x", "%2F"),
    ("DATABASE_URL", "postgresql://me:sesame@127.0.0.1:99999/x", "DATABASE_URL"),
    ("REDIS_URL", "http://:sesame@127.0.0.1", "must start with redis://"),
    ("REDIS_URL", "redis://:sesame@127.0.0.1:port/0", "REDIS_URL cannot be parsed"),
    ("REDIS_URL", "redis://:sesame@127.0.0.1/0?colour=red", "unknown option colour"),
    ("REDIS_URL", "redis+sentinel://:sesame@127.0.0.1/tasks?colour=red", "unknown option colour"),
    ("REDIS_URL", "redis+cluster://:sesame@127.0.0.1/2", "only the database 0"),
]


@pytest.mark.parametrize(("name", "url", "problem"), UNUSABLE)
def test_unusable_url_is_reported_in_one_line_without_the_password(
    tmp_path: Path, name: str, url: str, problem: str
) -> None:
    given = {name: url.format(port=free_port())}
    line = error_line(command(tmp_path / "data", "serve", "--port", str(free_port()), **given))
    assert problem in line
    assert name in line
    assert "ses" not in line
    assert "ame@" not in line
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("host", "problem"), [("127.0.0.1:1,127.0.0.1:2", "Connection refused"), ("db:port", "%3A")])
def test_migrate_reports_an_unusable_url_in_one_line(tmp_path: Path, host: str, problem: str) -> None:
    line = error_line(command(tmp_path, "migrate", DATABASE_URL=f"postgresql://me:sesame@{host}/x"))
    assert problem in line
    assert "sesame" not in line


def test_wrong_password_is_reported_in_one_line(tmp_path: Path, stores: StoreUrls) -> None:
    import redis

    with redis.Redis.from_url(stores.redis_url) as client:
        client.acl_setuser("guest", enabled=True, passwords=["+open"], commands=["+@all"])
    url = stores.redis_url.replace("unix://", "unix://guest:sesame@")
    line = error_line(command(tmp_path, "serve", "--port", str(free_port()), REDIS_URL=url))
    assert "REDIS_URL" in line
    assert "sesame" not in line


def test_missing_database_is_reported_by_its_name(tmp_path: Path, stores: StoreUrls) -> None:
    url = stores.database_url.replace("/millitask?", "/missing?")
    line = error_line(command(tmp_path, "serve", "--port", str(free_port()), DATABASE_URL=url))
    assert 'database "missing" does not exist' in line


def test_service_runs_on_external_stores(tmp_path: Path, database_url: str, redis_url: str) -> None:
    with serve(tmp_path, DATABASE_URL=database_url, REDIS_URL=redis_url) as service:
        assert service.get("/livez") == 200
        assert not service.find("bin/postgres")
    assert not (tmp_path / "postgres").exists()


def test_logs_are_json_lines_with_a_timestamp(tmp_path: Path, database_url: str, redis_url: str) -> None:
    urls: dict[str, Any] = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    with serve(tmp_path, MILLITASK_LOG_LEVEL="debug", **urls) as service:
        service.get("/livez")
        lines = service.output.read_text().splitlines()
    # The other three lines are the banner on stderr.
    entries = [json.loads(line) for line in lines if line.startswith("{")]
    assert len(lines) == len(entries) + 3
    assert entries
    for entry in entries:
        assert entry["timestamp"].endswith("Z")
        assert {"message", "level", "logger"} <= entry.keys()
