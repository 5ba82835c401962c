"""Tests that peers are stopped with their children, and that a peer that cannot run says why."""

import os
import sys
from pathlib import Path

import httpx
import pytest

from benchmarks.peers.start import PeerUnavailable, python_peer, running
from benchmarks.service import free_port

# Starts the server as a child and ignores that the child must end too, like the `node` of PyPI.
WRAPPER = (
    "import subprocess, sys; subprocess.run([sys.executable, '-m', 'http.server', '-b', '127.0.0.1', sys.argv[1]])"
)


def test_child_of_a_peer_ends_with_the_peer(tmp_path: Path) -> None:
    port = free_port()
    with running([sys.executable, "-c", WRAPPER, str(port)], tmp_path, os.environ, port):
        assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/")


def test_peer_that_does_not_start_is_unavailable(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit(1)"]
    with pytest.raises(PeerUnavailable, match="does not start"), running(command, tmp_path, os.environ, free_port()):
        pass


def test_constant_is_constant() -> None:
    with python_peer("constant") as port:
        answer = httpx.get(f"http://127.0.0.1:{port}/")
    assert (answer.status_code, answer.json()) == (200, {"data": {"__typename": "Query"}})
