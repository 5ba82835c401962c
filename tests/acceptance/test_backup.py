"""Runs the commands of docs/how-to/back-up-and-restore.md exactly as written there."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.test_end_to_end import page, total
from tests.support.service_process import ROOT, Service, environment, serve

COUNT = 120
DOCUMENT = (ROOT / "docs" / "how-to" / "back-up-and-restore.md").read_text()


@pytest.fixture
def folder() -> Iterator[Path]:
    # The path of pytest's own temporary folder is too long for a Unix socket.
    path = Path(tempfile.mkdtemp(prefix="backup"))
    yield path
    shutil.rmtree(path)


def run_block(name: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run the named shell block, with .data and .data-new replaced by folders in the temporary folder."""
    found = re.search(rf"^```sh {name}\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert found is not None
    packages = Path(sys.executable).parents[1] / "lib"
    lines = found[1].replace("$PWD/", f"{folder}/").replace(".venv/lib", str(packages))
    lines = lines.replace(".venv/bin/python", sys.executable).replace("=.data", f"={folder}/.data")
    lines = lines.replace("tasks.dump", f"{folder}/tasks.dump")
    command = ["sh", "-eu", "-c", lines]
    return subprocess.run(command, cwd=ROOT, env=environment(folder), capture_output=True, text=True, check=False)


def load(service: Service) -> None:
    arguments = ["-m", "loadgen", "load", "--count", str(COUNT), "--url", f"http://127.0.0.1:{service.port}/graphql"]
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, capture_output=True)


def test_backup_can_be_restored(folder: Path) -> None:
    with serve(folder / ".data") as service:
        load(service)
        before = page(service, 1)
        saved = run_block("backup", folder)
        assert saved.returncode == 0, saved.stderr
    with serve(folder / ".data-new") as service:
        assert total(service) == 0
        restored = run_block("restore", folder)
        assert restored.returncode == 0, restored.stderr
        assert f"Compared {COUNT} tasks" in restored.stderr
        assert page(service, 1) == before
        again = run_block("restore", folder)
        assert again.returncode != 0
        assert "duplicate key" in again.stderr
        assert total(service) == COUNT
