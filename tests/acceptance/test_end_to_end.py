"""Runs the service and the loader as processes, with an interrupted load, a restart, and a killed store."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from tests.support.service_process import ROOT, Service, serve, until

COUNT = 3000
SIZE = 100
PAGE = """
query ($page: Int) {
  tasks(first: 100, page: $page) {
    nodes { id title createdAt } totalCount pageInfo { hasNextPage hasPreviousPage }
  }
}
"""


def execute(service: Service, document: str, **variables: Any) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{service.port}/graphql",
        json.dumps({"query": document, "variables": variables}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def total(service: Service) -> int | None:
    found = execute(service, "{ tasks(first: 1) { totalCount } }")
    return None if found.get("errors") else int(found["data"]["tasks"]["totalCount"])


def page(service: Service, number: int) -> Any:
    found = execute(service, PAGE, page=number)
    assert not found.get("errors"), found
    return found["data"]["tasks"]


def loader(service: Service) -> subprocess.Popen[str]:
    # Small sequential batches make the load slow enough to interrupt.
    options = ["load", "--count", str(COUNT), "--batch", "20", "--concurrency", "1"]
    return subprocess.Popen(
        [sys.executable, "-m", "loadgen", *options, "--url", f"http://127.0.0.1:{service.port}/graphql"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def check_pages(service: Service) -> None:
    """Assert that the pages are full and ordered, and contain every task once."""
    pages = COUNT // SIZE
    seen: list[tuple[str, str]] = []
    for number in range(1, pages + 1):
        found = page(service, number)
        assert found["totalCount"] == COUNT
        assert len(found["nodes"]) == SIZE
        assert found["pageInfo"] == {"hasNextPage": number < pages, "hasPreviousPage": number > 1}
        assert all(node["title"] for node in found["nodes"])
        seen += [(node["createdAt"], node["id"]) for node in found["nodes"]]
    assert len({id_ for _, id_ in seen}) == COUNT
    assert seen == sorted(seen, reverse=True)
    beyond = page(service, pages + 1)
    assert (beyond["nodes"], beyond["totalCount"]) == ([], COUNT)


def test_load_survives_interruption_restart_and_killed_store(tmp_path: Path) -> None:
    with serve(tmp_path, "--workers", "2") as service:
        first = loader(service)
        assert until(lambda: (total(service) or 0) >= 200), "the loader creates no tasks"
        first.send_signal(signal.SIGINT)
        out, err = first.communicate(timeout=60)
        assert first.returncode == 130, out + err
        half = total(service)
        assert half is not None
        assert 200 <= half < COUNT

        second = loader(service)
        out, err = second.communicate(timeout=120)
        assert second.returncode == 0, out + err
        check_pages(service)
        newest = page(service, 1)["nodes"]
        # No task expires during the test, so later reads must return the same pages.
        assert service.stop() == 0

    with serve(tmp_path, "--workers", "2") as service:
        check_pages(service)
        assert page(service, 1)["nodes"] == newest

        (store,) = service.find("redis.sock") or service.find("valkey-server")
        os.kill(store, signal.SIGKILL)
        assert until(lambda: total(service) == COUNT), service.output.read_text()[-4000:]
        # Repeated requests reach both workers.
        assert until(lambda: all(total(service) == COUNT for _ in range(20))), service.output.read_text()[-4000:]
        check_pages(service)
        assert page(service, 1)["nodes"] == newest
