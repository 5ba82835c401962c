"""The last release and this version on the same stores: it serves during the migrations, and both read each other."""

import asyncio
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.service_process import ROOT, Service, serve
from tests.support.several_services import empty_stores, service_on

pytestmark = pytest.mark.slow  # installs the packages of the release
CREATE = "mutation ($title: String!) { createTask(input: { title: $title }) { task { id } userErrors { code } } }"
RENAME = """mutation ($id: ID!, $title: String!) {
  updateTask(input: { id: $id, title: $title }) { task { version } userErrors { code } } }"""
TASK = "query ($id: ID!) { task(id: $id) { title version } }"
PAGE = "{ tasks(first: 50) { totalCount nodes { id title version } } }"
TASKS, ROUNDS = 20, 30


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Extract the last release. Each one copies the schema to `schema/released.graphql`."""
    commit = git("log", "-1", "--format=%H", "--", "schema/released.graphql").decode().strip()
    if not commit:
        pytest.skip("the history of this clone does not reach back to the last release")
    folder = tmp_path_factory.mktemp("release")
    with tarfile.open(fileobj=io.BytesIO(git("archive", commit))) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def python(release: Path) -> str:
    """Install the locked packages of the release, once on each machine, and return its Python."""
    lock = release / "requirements-image.lock"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"millitask-release-{digest}"
    installed = folder / "installed"
    if not installed.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = ["-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", str(lock)]
        done = subprocess.run([str(folder / "bin/python"), *install], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"the packages of the release cannot be installed: {done.stderr[-300:]}")
        installed.touch()
    return str(folder / "bin/python")


@dataclass
class Client:
    """Sends operations, and keeps those that failed."""

    http: httpx.AsyncClient
    failures: list[str] = field(default_factory=list)
    answers: int = 0

    async def execute(self, service: Service, document: str, **variables: Any) -> Any:
        url = f"http://127.0.0.1:{service.port}/graphql"
        answer = (await self.http.post(url, json={"query": document, "variables": variables})).json()
        self.answers += 1
        if "errors" in answer:
            self.failures.append(str(answer))
            return None
        return answer["data"]


async def use_while(client: Client, service: Service, ids: list[str], ended: asyncio.Event) -> None:
    """Read and write on one service until the event."""
    number = 0
    while not ended.is_set():
        number += 1
        await client.execute(service, PAGE)
        await client.execute(service, RENAME, id=ids[number % len(ids)], title=f"During {number}")


async def check_both_ways(client: Client, services: list[Service], id_: str, owner: int) -> None:
    """Write by each service in turn. Every read after an answer must see that version, by every service."""
    for number in range(ROUNDS):
        writer = services[(owner + number) % len(services)]
        title = f"{owner}.{number}"
        written = await client.execute(writer, RENAME, id=id_, title=title)
        version = written["updateTask"]["task"]["version"]
        for reader in services:
            task = (await client.execute(reader, TASK, id=id_))["task"]
            assert (task["title"], task["version"]) == (title, version), reader.port
            page = (await client.execute(reader, PAGE))["tasks"]
            [seen] = [node for node in page["nodes"] if node["id"] == id_]
            assert (seen["title"], seen["version"]) == (title, version), reader.port
            assert page["totalCount"] == TASKS


def test_last_release_serves_during_the_migrations_and_beside_this_version(
    release: Path, python: str, tmp_path: Path
) -> None:
    async def run() -> Client:
        async with httpx.AsyncClient(timeout=30) as http:
            client = Client(http)
            with empty_stores(tmp_path / "stores", 2) as stores, ExitStack() as stack:
                urls = {"DATABASE_URL": stores.database_url, "REDIS_URL": stores.redis_url}
                old = stack.enter_context(serve(tmp_path / "old", root=release, python=python, **urls))  # type: ignore[arg-type]
                created = [await client.execute(old, CREATE, title=f"Task {number}") for number in range(TASKS)]
                ids = [each["createTask"]["task"]["id"] for each in created]
                ended = asyncio.Event()
                using = asyncio.create_task(use_while(client, old, ids, ended))
                new = await asyncio.to_thread(stack.enter_context, service_on(stores, tmp_path))
                ended.set()
                await using
                during = client.answers
                checks = (check_both_ways(client, [old, new], id_, at) for at, id_ in enumerate(ids[:4]))
                await asyncio.gather(*checks)
                assert during > TASKS
            return client

    client = asyncio.run(run())
    assert client.failures == []
