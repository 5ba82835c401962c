"""Runs the SQL of the guide, the migration Job and the Deployment as processes, with their environment only."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
import redis

from api.devstores import StoreUrls
from tests.acceptance.ship.kubernetes_files import Document, one, pod, settings, sources
from tests.support.service_process import ROOT, free_port, until
from tests.support.several_services import empty_stores

GUIDE = (ROOT / "docs/how-to/run-on-kubernetes.md").read_text()
ROLES, PRIVILEGES = re.findall(r"```sql\n(.*?)```", GUIDE, re.DOTALL)
PAGE = "{ tasks(first: 5) { totalCount } }"
OWNER, USER = "millitask_owner", "millitask"


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[StoreUrls]:
    """Yield stores that were prepared by the guide, with a password for Redis."""
    with empty_stores(tmp_path / "stores", 2) as urls:
        administrator = urls.database_url.replace("/millitask?", "/postgres?")
        with psycopg.connect(administrator, autocommit=True) as connection:
            connection.execute("DROP DATABASE millitask")
            for statement in ROLES.strip().split(";\n"):
                connection.execute(statement.encode())
        with psycopg.connect(as_user(urls.database_url, OWNER), autocommit=True) as connection:
            connection.execute(PRIVILEGES.encode())
        with redis.Redis.from_url(urls.redis_url) as client:
            client.config_set("requirepass", "0" * 32)
        yield urls


def as_user(url: str, user: str) -> str:
    return re.sub(r"user=\w+", f"user={user}", url)


def environment(workload: Document, stores: StoreUrls, folder: Path) -> dict[str, str]:
    """Return the environment of a container, with the secrets as files in a folder."""
    [container] = pod(workload)["containers"]
    values = {"PATH": os.environ["PATH"]}
    if "envFrom" in container:
        values |= settings("production")
    user = OWNER if workload["kind"] == "Job" else USER
    urls = {"DATABASE_URL": as_user(stores.database_url, user), "REDIS_URL": stores.redis_url}
    for entry in container["env"]:
        values[entry["name"]] = urls.get(entry["name"]) or str(folder / urlsplit(entry["value"]).path.lstrip("/"))
        if entry["name"].endswith("_FILE"):
            file = Path(values[entry["name"]])
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("0" * 32 + "\n")
    return values


def run(arguments: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    assert arguments[0] == "python"
    command = [sys.executable, *arguments[1:]]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False, timeout=60)


@contextmanager
def started(variables: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-m", "api", "serve"], cwd=ROOT, env=variables)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def test_guide_job_and_deployment_work_together(stores: StoreUrls, tmp_path: Path) -> None:
    job, deployment = one(sources("base"), "Job"), one(sources("base"), "Deployment")
    # Only the address differs from the manifests, and the drain, to save time.
    port = free_port()
    variables = environment(deployment, stores, tmp_path / "service")
    variables |= {"MILLITASK_HOST": "127.0.0.1", "MILLITASK_PORT": str(port), "MILLITASK_DRAIN_SECONDS": "1"}

    early = run(["python", "-m", "api", "serve"], variables)
    assert early.returncode == 1  # until the Job has run, Kubernetes starts the pod again
    assert "Traceback" not in early.stderr

    [migrate] = pod(job)["containers"]
    done = run(migrate["command"], environment(job, stores, tmp_path / "job"))
    assert done.returncode == 0, done.stderr

    with started(variables) as process:
        probe = pod(deployment)["containers"][0]["readinessProbe"]["httpGet"]["path"]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:

            def is_ready() -> bool:
                try:
                    return client.get(probe).status_code == 200
                except httpx.TransportError:
                    return False

            assert until(is_ready)
            scopes = ["--scope", "tasks:read", "--scope", "tasks:write", "--scope", "admin"]
            created = run(["python", "-m", "api", "token", "create", "--name", "first", *scopes], variables)
            assert created.returncode == 0, created.stderr
            headers = {"Authorization": f"Bearer {created.stdout.strip()}", "Host": "tasks.example.com"}
            assert client.post("/graphql", json={"query": PAGE}).status_code == 401
            answer = client.post("/graphql", json={"query": PAGE}, headers=headers)
            assert answer.json()["data"] == {"tasks": {"totalCount": 0}}
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert process.wait(pod(deployment)["terminationGracePeriodSeconds"]) == 0
        assert time.monotonic() - began >= float(variables["MILLITASK_DRAIN_SECONDS"])
