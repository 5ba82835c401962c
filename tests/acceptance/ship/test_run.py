"""The services of compose.yaml run as processes, in order, from what the image holds, up to a page of tasks."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from tests.acceptance.ship import image, tree
from tests.acceptance.ship.machine import Machine, redis_cli
from tests.support.service_process import descendants, until
from tools.page import WEB, build

PAGE = "{ tasks(first: 50) { totalCount nodes { id title } } }"
CLI = redis_cli()

pytestmark = pytest.mark.skipif(CLI is None, reason="there is no redis-cli for the health check; install redis-tools")


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    # Not in pytest's folder, whose path is too long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="ship"))
    build(WEB)
    found = image.read()
    tree.lay(found, folder / "image", WEB / "out")
    machine = Machine(found, folder, str(CLI), N="200", MILLITASK_WORKERS="1")
    try:
        machine.up("api")
        machine.wait_until_healthy("api")
        yield machine
    finally:
        machine.close()
        shutil.rmtree(folder)


def address(machine: Machine) -> str:
    return f"http://127.0.0.1:{machine.ports['api']}"


def ask(machine: Machine) -> dict[str, Any]:
    """A page of tasks, out of Redis: a service that has just started may answer from PostgreSQL yet."""
    answers: list[dict[str, Any]] = []

    def from_redis() -> bool:
        answers.append(httpx.post(f"{address(machine)}/graphql", json={"query": PAGE}, timeout=10).json())
        return not answers[-1]["extensions"].get("degraded")

    assert until(from_redis), answers[-1]
    tasks: dict[str, Any] = answers[-1]["data"]["tasks"]
    return tasks


def test_the_loader_fills_it_and_a_page_comes_back(machine: Machine) -> None:
    said = machine.run("load")
    assert "200" in said
    tasks = ask(machine)
    assert tasks["totalCount"] == 200
    assert len(tasks["nodes"]) == 50


def test_the_web_page_is_built_in(machine: Machine) -> None:
    answer = httpx.get(address(machine), timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "<title>" in answer.text


def test_the_passwords_are_random_kept_and_needed(machine: Machine) -> None:
    secrets = machine.volume("secrets")
    names = ("database_password", "redis_password")
    made = {name: (secrets / name).read_text() for name in names}
    assert all(len(password) >= 32 and password.isalnum() for password in made.values())
    assert len(set(made.values())) == 2
    machine.run("secrets")
    assert made == {name: (secrets / name).read_text() for name in names}
    with redis.Redis(port=machine.ports["redis"]) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_no_process_has_a_password_in_its_environment_or_command(machine: Machine) -> None:
    passwords = [file.read_bytes() for file in machine.volume("secrets").glob("*_password")]
    seen = 0
    for process in machine.running.values():
        for pid in (process.pid, *descendants(process.pid)):
            for name in ("environ", "cmdline"):
                text = Path(f"/proc/{pid}/{name}").read_bytes()
                seen += bool(text)
                assert not any(password in text for password in passwords)
    assert seen >= 8


def test_nothing_is_written_to_the_image(machine: Machine) -> None:
    before = tree.files(machine._folder / "image")
    ask(machine)
    machine.run("migrate")
    assert tree.files(machine._folder / "image") == before


def test_each_stops_in_its_time_and_the_tasks_are_there_again(machine: Machine) -> None:
    machine.run("load")
    assert {name: machine.stop(name) for name in ("api", "redis", "postgres")} == {"api": 0, "redis": 0, "postgres": 0}
    machine.up("api")
    machine.wait_until_healthy("api")
    assert ask(machine)["totalCount"] == 200
