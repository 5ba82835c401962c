"""`serve` refuses unsuitable stores before it starts, and says how to fix each problem."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from psycopg import sql

from tests.support.redis_server import redis_server
from tests.support.service_process import (
    GONE_SECONDS,
    ROOT,
    Service,
    alive,
    command,
    environment,
    free_port,
    serve,
    until,
)

NOWHERE = "unix:///nowhere/redis.sock"


@pytest.fixture
def bad_redis_url(tmp_path: Path) -> Iterator[str]:
    with redis_server(tmp_path) as url:
        with redis.Redis.from_url(url) as client:
            client.config_set("maxmemory", "0")
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("save", "60 1")
        yield url


@pytest.fixture
def read_only_url(database_url: str) -> str:
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name))
    return database_url


def test_each_problem_has_a_line_and_nothing_is_started(tmp_path: Path, read_only_url: str, bad_redis_url: str) -> None:
    urls = {"DATABASE_URL": read_only_url, "REDIS_URL": bad_redis_url}
    done = command(tmp_path / "data", "serve", "--port", str(free_port()), **urls)
    assert (done.returncode, done.stdout) == (1, "")
    expected = [
        ("the Redis at REDIS_URL: maxmemory is 0", "CONFIG SET maxmemory "),
        ("the Redis at REDIS_URL: maxmemory-policy is noeviction", "CONFIG SET maxmemory-policy volatile-lfu"),
        ('the Redis at REDIS_URL: save is "60 1"', "CONFIG SET save"),
        ("the database at DATABASE_URL: default_transaction_read_only is on", "ALTER DATABASE"),
    ]
    lines = done.stderr.splitlines()
    assert len(lines) == len(expected)
    for line, (problem, fix) in zip(lines, expected, strict=True):
        assert line.startswith(f"error: {problem}")
        assert fix in line
    assert not (tmp_path / "data").exists()


def test_unfit_redis_is_refused_before_a_database_is_created(tmp_path: Path, bad_redis_url: str) -> None:
    done = command(tmp_path / "data", "serve", "--port", str(free_port()), REDIS_URL=bad_redis_url)
    assert done.returncode == 1
    assert not (tmp_path / "data").exists()


def test_other_volatile_eviction_policy_is_a_warning(tmp_path: Path, database_url: str) -> None:
    with redis_server(tmp_path) as url:
        with redis.Redis.from_url(url) as client:
            client.config_set("maxmemory-policy", "volatile-lru")
        with serve(tmp_path / "data", DATABASE_URL=database_url, REDIS_URL=url) as service:
            [entry] = [entry for entry in warnings_in(service.output) if entry["setting"] == "REDIS_URL"]
    assert entry["message"].startswith("maxmemory-policy is volatile-lru")


def test_unreachable_redis_is_a_warning(tmp_path: Path, database_url: str) -> None:
    port = free_port()
    output = tmp_path / "output.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "api", "serve", "--port", str(port)],
            cwd=ROOT,
            env=environment(tmp_path, DATABASE_URL=database_url, REDIS_URL=NOWHERE),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    service = Service(process, port, output)
    try:
        assert until(lambda: is_alive(service) or process.poll() is not None)
        assert process.poll() is None, output.read_text()
        [entry] = [entry for entry in warnings_in(output) if entry["setting"] == "REDIS_URL"]
        assert entry["message"] == "Redis cannot be used, continuing without it"
        assert "No such file" in entry["reason"]
    finally:
        below = service.processes()
        service.stop()
        assert until(lambda: not alive(below), GONE_SECONDS)


def is_alive(service: Service) -> bool:
    try:
        return service.get("/livez") == 200
    except OSError:
        return False


def warnings_in(output: Path) -> list[dict[str, str]]:
    lines = [line for line in output.read_text().splitlines() if line.startswith("{")]
    entries: list[dict[str, str]] = [json.loads(line) for line in lines]
    return [entry for entry in entries if entry["level"] == "warning" and "setting" in entry]


def test_invalid_trusted_documents_are_reported_once_with_their_setting(tmp_path: Path) -> None:
    path = tmp_path / "documents.json"
    path.write_text(json.dumps({"0" * 64: "{ __typename }"}))
    result = command(tmp_path, "serve", "--workers", "2", MILLITASK_TRUSTED_DOCUMENTS=str(path))
    assert result.returncode == 1
    assert result.stderr.count("error: ") == 1
    assert result.stderr.startswith(f"error: MILLITASK_TRUSTED_DOCUMENTS: {path}: 00")
    assert "Traceback" not in result.stdout + result.stderr
