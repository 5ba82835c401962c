"""Runs the services of compose.yaml as processes on the file tree of the image."""

import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from db.token_text import has_token_form
from tests.acceptance.ship import dockerfile, image_tree
from tests.acceptance.ship.local_compose import LocalCompose, redis_cli
from tests.support.service_process import descendants, until
from tools.page import WEB, build

PAGE = "{ tasks(first: 50) { totalCount nodes { id title } } }"
CLI = redis_cli()

pytestmark = [
    pytest.mark.skipif(CLI is None, reason="the health check needs redis-cli; install redis-tools"),
    pytest.mark.xdist_group("compose"),
]


@pytest.fixture(scope="module")
def compose() -> Iterator[LocalCompose]:
    # The path of pytest's own temporary folder is too long for a Unix socket.
    folder = Path(tempfile.mkdtemp(prefix="ship"))
    build(WEB)
    found = dockerfile.read()
    image_tree.build_tree(found, folder / "image", WEB / "out")
    compose = LocalCompose(found, folder, str(CLI), N="200", MILLITASK_WORKERS="1")
    try:
        compose.up("api")
        compose.wait_until_healthy("api")
        yield compose
    finally:
        compose.close()
        shutil.rmtree(folder)


def address(compose: LocalCompose) -> str:
    return f"http://127.0.0.1:{compose.ports['api']}"


def credentials(compose: LocalCompose) -> dict[str, str]:
    """Return the header with the operator's token."""
    token = (compose.volume("tokens") / "admin_token").read_text().strip()
    return {"Authorization": f"Bearer {token}"}


def read_page(compose: LocalCompose) -> dict[str, Any]:
    """Return a page of tasks from Redis. Retry while the service is in degraded mode after its start."""
    answers: list[dict[str, Any]] = []

    def from_redis() -> bool:
        url = f"{address(compose)}/graphql"
        answers.append(httpx.post(url, json={"query": PAGE}, headers=credentials(compose), timeout=10).json())
        return not answers[-1]["extensions"].get("degraded")

    assert until(from_redis), answers[-1]
    tasks: dict[str, Any] = answers[-1]["data"]["tasks"]
    return tasks


def test_loaded_tasks_are_on_the_page(compose: LocalCompose) -> None:
    assert "200" in compose.run("load")
    tasks = read_page(compose)
    assert tasks["totalCount"] == 200
    assert len(tasks["nodes"]) == 50


def test_image_serves_the_web_page(compose: LocalCompose) -> None:
    answer = httpx.get(address(compose), timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "<title>" in answer.text


def test_passwords_are_random_persistent_and_required(compose: LocalCompose) -> None:
    secrets = compose.volume("secrets")
    names = ("database_password", "redis_password")
    passwords = {name: (secrets / name).read_text() for name in names}
    assert all(len(password) >= 32 and password.isalnum() for password in passwords.values())
    assert len(set(passwords.values())) == 2
    compose.run("secrets")
    assert passwords == {name: (secrets / name).read_text() for name in names}
    with redis.Redis(port=compose.ports["redis"]) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_first_start_creates_one_token_in_a_file_of_its_owner(compose: LocalCompose) -> None:
    file = compose.volume("tokens") / "admin_token"
    token = file.read_text().strip()
    assert has_token_form(token)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    log = compose.run("migrate")
    assert str(file) in log
    assert token not in log
    assert file.read_text().strip() == token


def test_each_store_sees_only_its_own_password(compose: LocalCompose) -> None:
    files = {
        name: sorted(file.name for file in compose.volume(f"{name}-secrets").iterdir())
        for name in ("postgres", "redis")
    }
    assert files == {"postgres": ["database_password"], "redis": ["redis.conf", "redis_password"]}


def test_passwords_are_in_no_environment_or_command_line(compose: LocalCompose) -> None:
    passwords = [file.read_bytes() for file in compose.volume("secrets").glob("*_password")]
    seen = 0
    for process in compose.running.values():
        for pid in (process.pid, *descendants(process.pid)):
            for name in ("environ", "cmdline"):
                text = Path(f"/proc/{pid}/{name}").read_bytes()
                seen += bool(text)
                assert not any(password in text for password in passwords)
    assert seen >= 8


def test_services_do_not_write_to_the_image(compose: LocalCompose) -> None:
    before = image_tree.files(compose._folder / "image")
    read_page(compose)
    compose.run("migrate")
    assert image_tree.files(compose._folder / "image") == before


def test_services_stop_in_time_and_tasks_survive_a_restart(compose: LocalCompose) -> None:
    compose.run("load")
    assert {name: compose.stop(name) for name in ("api", "redis", "postgres")} == {"api": 0, "redis": 0, "postgres": 0}
    compose.up("api")
    compose.wait_until_healthy("api")
    assert read_page(compose)["totalCount"] == 200
