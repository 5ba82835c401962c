"""`serve` starts all processes, restarts processes that die, and leaves none behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from benchmarks.service import parse_metrics
from tests.support.service_process import (
    GONE_SECONDS,
    ROOT,
    Service,
    alive,
    command,
    descendants,
    environment,
    free_port,
    serve,
    until,
)

RESTART_SECONDS = 60.0
STORES = ["valkey-server", "bin/postgres -D"]

pytestmark = pytest.mark.xdist_group("supervisor")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Yield a service with two workers. All tests that leave the service running share it."""
    with serve(tmp_path_factory.mktemp("serve"), "--workers", "2") as running:
        yield running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_shuts_everything_down_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with serve(tmp_path) as service:
        below = service.processes()
        assert len(service.find("api worker")) == 1
        assert service.stop(number) == 0
        assert not alive(below)
        log = (tmp_path / "postgres.log").read_text()
    assert "received fast shutdown request" in log
    assert "database system is shut down" in log


def test_all_processes_end_with_a_killed_supervisor(tmp_path: Path) -> None:
    with serve(tmp_path, "--workers", "2") as service:
        below = service.processes()
        service.process.kill()
        service.process.wait()
        assert until(lambda: not alive(below), GONE_SECONDS), alive(below)


def test_second_signal_ends_the_service_at_once(tmp_path: Path) -> None:
    with serve(tmp_path, MILLITASK_SHUTDOWN_SECONDS="60") as service:
        below = service.processes()
        # After one signal, the supervisor would wait for this suspended worker.
        (worker,) = service.find("api worker")
        os.kill(worker, signal.SIGSTOP)
        service.process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert service.process.poll() is None
        service.stop(signal.SIGINT)  # waits for half a minute
        assert until(lambda: not alive(below), GONE_SECONDS), alive(below)


def test_signal_during_the_start_leaves_no_process_behind(tmp_path: Path) -> None:
    for pause in (0.8, 1.2, 1.6):
        process = subprocess.Popen(
            [sys.executable, "-m", "api", "serve", "--port", str(free_port())],
            cwd=ROOT,
            env=environment(tmp_path / str(pause)),
            stderr=subprocess.PIPE,
        )
        time.sleep(pause)
        below = descendants(process.pid)
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=30)
        assert b"Traceback" not in stderr
        assert until(lambda seen=below: not alive(seen), GONE_SECONDS), alive(below)  # type: ignore[misc]


def test_dead_worker_is_started_again(service: Service) -> None:
    first, second = service.find("api worker")
    os.kill(first, signal.SIGKILL)
    assert until(lambda: first not in service.find("api worker"), RESTART_SECONDS)
    assert until(lambda: len(service.find("api worker")) == 2, RESTART_SECONDS)
    assert second in service.find("api worker")
    assert until(service.is_ready, RESTART_SECONDS)


@pytest.mark.parametrize("word", STORES)
def test_dead_store_is_started_again(service: Service, word: str) -> None:
    _, store = _running(service, word)
    os.kill(store, signal.SIGKILL)
    assert until(lambda: service.guarded(word)[1] not in (0, store), RESTART_SECONDS)
    assert until(service.is_ready, RESTART_SECONDS)


def test_dead_watchdog_is_started_again_with_its_store(service: Service) -> None:
    watchdog, store = _running(service, "bin/postgres -D")
    os.kill(watchdog, signal.SIGKILL)
    assert until(lambda: service.guarded("bin/postgres -D")[1] not in (0, store), RESTART_SECONDS)
    assert until(service.is_ready, RESTART_SECONDS)


def test_connections_are_distributed_over_the_workers(service: Service) -> None:
    links = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(64)]
    try:
        for link in links:
            link.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert link.recv(100).startswith(b"HTTP/1.1 200")
        counts = [_connections(pid) for pid in service.find("api worker")]
    finally:
        for link in links:
            link.close()
    assert len(counts) == 2
    assert min(counts) >= 8


def test_banner_names_the_url(service: Service) -> None:
    printed = service.output.read_text()
    assert f"http://127.0.0.1:{service.port}/graphql" in printed


def test_second_service_on_the_same_folder_is_refused(service: Service) -> None:
    watchdogs = {_running(service, word)[0] for word in STORES}
    done = command(service.output.parent, "serve", "--port", str(free_port()))
    assert done.returncode == 1
    assert f"in use by process {service.process.pid}" in done.stderr
    assert watchdogs <= service.processes().keys()
    assert until(service.is_ready, RESTART_SECONDS)


def test_address_of_another_machine_is_reported(tmp_path: Path) -> None:
    # An address for documentation (RFC 5737), which no machine has.
    arguments = ("serve", "--host", "192.0.2.1", "--port", str(free_port()))
    done = command(tmp_path / "data", *arguments, MILLITASK_IDENTITY="tokens")
    assert done.returncode == 1
    assert "cannot assign requested address. MILLITASK_HOST must be an address of this machine" in done.stderr


def test_port_in_use_is_reported(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        done = command(tmp_path / "data", "serve", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: cannot listen on 127.0.0.1 port {port}: address already")
    assert "MILLITASK_PORT" in done.stderr
    assert "PORT=" in done.stderr
    # The command checks the port before it starts any process.
    assert not (tmp_path / "data").exists()


def test_port_of_a_service_with_workers_is_in_use(service: Service, tmp_path: Path) -> None:
    done = command(tmp_path, "serve", "--port", str(service.port), "--workers", "2")
    assert done.returncode == 1
    assert "already in use" in done.stderr


def _running(service: Service, word: str) -> tuple[int, int]:
    """Wait until a store and its watchdog run again after an earlier test. Return both process ids."""
    assert until(lambda: all(service.guarded(word)), RESTART_SECONDS)
    return service.guarded(word)


def _connections(pid: int) -> int:
    """Return the approximate number of client connections of a process."""
    links = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            links.append(str(entry.readlink()))
        except FileNotFoundError:
            continue
    return sum(link.startswith("socket:") for link in links) - _own_sockets()


def _own_sockets() -> int:
    # The sockets for listening, the event loop and the stores. The test opens many more connections: 64.
    return 12


def test_restart_logs_no_warning(tmp_path: Path) -> None:
    for _ in range(2):  # the second start finds the index of the first in PostgreSQL's gate, and an empty Redis
        with serve(tmp_path) as service:
            assert until(lambda: _samples(service)["millitask_degraded"] == 0, RESTART_SECONDS)
            service.stop()
            lines = [json.loads(line) for line in service.output.read_text().splitlines() if line.startswith("{")]
        assert [line for line in lines if line["level"] not in ("debug", "info")] == []


def test_metrics_are_those_of_all_workers(tmp_path: Path) -> None:
    with serve(tmp_path, "--workers", "2") as service:
        for _ in range(40):  # each on a connection of its own, so that both workers answer some
            assert _query(service, "query Named { __typename }") == 200
            assert _query(service, "query Wrong { nothing }") == 200
        counts = {"Named OK": 40.0, "(unnamed) GRAPHQL_VALIDATION_FAILED": 40.0}
        # The answering worker knows the other's counts of a second ago.
        assert until(lambda: all(_requests(service) == counts for _ in range(8)), GONE_SECONDS), _requests(service)
        assert _samples(service)["millitask_workers"] == 2

        os.kill(service.find("api worker")[0], signal.SIGKILL)
        assert until(lambda: len(service.find("api worker")) == 2, RESTART_SECONDS)
        memory = {f'process_resident_memory_bytes{{worker="{number}"}}' for number in (1, 2)}
        assert until(lambda: memory <= _samples(service).keys(), RESTART_SECONDS)
        assert _requests(service) == counts


def _query(service: Service, document: str) -> int:
    headers = {"Connection": "close", "Accept": "application/json"}
    return httpx.post(f"http://127.0.0.1:{service.port}/graphql", json={"query": document}, headers=headers).status_code


def _samples(service: Service) -> dict[str, float]:
    return parse_metrics(httpx.get(f"http://127.0.0.1:{service.port}/metrics").text)


def _requests(service: Service) -> dict[str, float]:
    pattern = re.compile(r'millitask_requests_total{operation="(.+)",outcome="(.+)"}')
    found = {pattern.fullmatch(name): value for name, value in _samples(service).items()}
    return {f"{match[1]} {match[2]}": value for match, value in found.items() if match}
