"""The straight line, everything real: the service and the loader as processes, a load broken off, a restart, a kill."""

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


def answer(service: Service, document: str, **variables: Any) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{service.port}/graphql",
        json.dumps({"query": document, "variables": variables}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def total(service: Service) -> int | None:
    found = answer(service, "{ tasks(first: 1) { totalCount } }")
    return None if found.get("errors") else int(found["data"]["tasks"]["totalCount"])


def page(service: Service, number: int) -> Any:
    found = answer(service, PAGE, page=number)
    assert not found.get("errors"), found
    return found["data"]["tasks"]


def loader(service: Service) -> subprocess.Popen[str]:
    # Small batches one after the other, so that there is a middle to be interrupted in.
    words = ["load", "--count", str(COUNT), "--batch", "20", "--concurrency", "1"]
    return subprocess.Popen(
        [sys.executable, "-m", "loadgen", *words, "--url", f"http://127.0.0.1:{service.port}/graphql"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def check(service: Service) -> None:
    """Every page is full and in order, and together they are the tasks, each once."""
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


def test_the_straight_line(tmp_path: Path) -> None:
    with serve(tmp_path, "--workers", "2") as service:
        first = loader(service)
        assert until(lambda: (total(service) or 0) >= 200), "the loader loads nothing"
        first.send_signal(signal.SIGINT)
        out, err = first.communicate(timeout=60)
        assert first.returncode == 130, out + err
        half = total(service)
        assert half is not None
        assert 200 <= half < COUNT

        second = loader(service)
        out, err = second.communicate(timeout=120)
        assert second.returncode == 0, out + err
        check(service)
        newest = page(service, 1)["nodes"]
        # Tasks with an expiry are far from it, so the same pages come back after all that follows.
        assert service.stop() == 0

    with serve(tmp_path, "--workers", "2") as service:
        check(service)
        assert page(service, 1)["nodes"] == newest

        (store,) = service.find("redis.sock") or service.find("valkey-server")
        os.kill(store, signal.SIGKILL)
        assert until(lambda: total(service) == COUNT), service.output.read_text()[-4000:]
        # Both workers, whichever answers.
        assert until(lambda: all(total(service) == COUNT for _ in range(20))), service.output.read_text()[-4000:]
        check(service)
        assert page(service, 1)["nodes"] == newest
