"""Builds the image without a Docker engine and runs it in a chroot, with a read-only view of its user's rights."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.acceptance.ship import dockerfile
from tests.support.service_process import free_port, until
from tests.support.several_services import empty_stores
from tools import image

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("buildah") is None, reason="buildah is not installed"),
    pytest.mark.skipif(shutil.which("debootstrap") is None, reason="debootstrap is not installed"),
    pytest.mark.skipif(os.geteuid() != 0, reason="building in a chroot needs root"),
]
FOLDER = "/stores"
CREATE = 'mutation { createTask(input: { title: "In the image" }) { task { id } userErrors { code } } }'


@pytest.fixture(scope="module")
def name() -> str:
    return image.build()


@contextmanager
def running(name: str, folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run the image's own command as its own user, with the sockets of the stores below `FOLDER`."""
    with empty_stores(folder, 2) as stores, image.container(name) as container:
        sockets = Path(parse_qs(urlsplit(stores.database_url).query)["host"][0])
        for path in (sockets, *sockets.iterdir()):
            path.chmod(0o777)
        values = {
            "DATABASE_URL": stores.database_url.replace(str(sockets), FOLDER),
            "REDIS_URL": stores.redis_url.replace(str(sockets), FOLDER),
            "MILLITASK_HOST": "127.0.0.1",
            "MILLITASK_IDENTITY": "none",
            "MILLITASK_PORT": str(port),
        }
        variables = [f"--env={key}={value}" for key, value in values.items()]
        command = ["buildah", "run", "--isolation=chroot", f"--volume={sockets}:{FOLDER}", *variables, container, "--"]
        process = subprocess.Popen([*command, *dockerfile.read().command], start_new_session=True)
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(30)


def test_image_has_the_settings_of_the_dockerfile(name: str) -> None:
    shown = subprocess.run(["buildah", "inspect", "--type=image", name], capture_output=True, text=True, check=True)
    config = json.loads(shown.stdout)["Docker"]["config"]
    expected = dockerfile.read()
    assert (config["User"], config["WorkingDir"]) == (expected.user, expected.workdir)
    assert config["Cmd"] == expected.command
    assert config["Healthcheck"]["Test"] == ["CMD", *expected.healthcheck]
    values = dict(each.split("=", 1) for each in config["Env"])
    assert {key: values[key] for key in expected.environment if key != "PATH"} == {
        key: value for key, value in expected.environment.items() if key != "PATH"
    }


def test_image_serves_the_page_and_the_api(name: str, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with running(name, tmp_path / "stores", port) as process:

        def is_ready() -> bool:
            assert process.poll() is None
            try:
                return httpx.get(f"{url}/readyz").status_code == 200
            except httpx.TransportError:
                return False

        assert until(is_ready)
        page = httpx.get(url)
        assert page.headers["Content-Encoding"] == "gzip"
        assert "<title>" in page.text
        created = httpx.post(f"{url}/graphql", json={"query": CREATE}).json()
        assert created["data"]["createTask"]["userErrors"] == []
