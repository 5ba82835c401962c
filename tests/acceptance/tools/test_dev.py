"""`make dev` runs the service and the web page with hot reload, and stops both together."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx

from tests.support.service_process import ROOT, alive, descendants, environment, free_port, until


def test_service_and_page_run_and_stop_together(tmp_path: Path) -> None:
    ports = {"PAGE_PORT": str(free_port()), "MILLITASK_PORT": str(free_port())}
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.dev"],
        cwd=ROOT,
        env=environment(tmp_path, **ports),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    below: dict[int, str] = {}
    try:
        origin = f"http://127.0.0.1:{ports['PAGE_PORT']}"
        assert until(lambda: b"Millitask" in fetch(f"{origin}/"), 300)  # the first run installs and compiles
        api = f"http://127.0.0.1:{ports['MILLITASK_PORT']}/graphql"
        assert until(lambda: bool(fetch(f"{api}?query=%7B__typename%7D")))
        answer = httpx.get(f"{api}?query=%7B__typename%7D", headers={"Origin": origin})
        assert answer.headers["Access-Control-Allow-Origin"] == origin
    finally:
        below = descendants(process.pid)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(30) == 0
    assert until(lambda: not alive(below)), alive(below)


def fetch(url: str) -> bytes:
    with suppress(httpx.HTTPError):
        return httpx.get(url, timeout=30).content
    return b""
