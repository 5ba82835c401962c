"""A watchdog of a worker, as an honest client: how long the event loop was held, how long pages took, who was refused.

It runs in a process of its own, so that what the test does at the same time does not delay it.
"""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import quantiles

from tests.support.service_process import ROOT, Service, memory_bytes

_PROBE_SECONDS = 0.005
_TIMEOUT_SECONDS = 30.0
_PAGE = json.dumps({"query": "{ tasks(first: 10) { totalCount nodes { id title } } }"})
_JSON = {"Content-Type": "application/json"}


@dataclass
class Observations:
    """What an honest client observed.

    longest_hold_ms: the most CPU time that the thread of the event loop used between the start and the end of a small
    request. Unlike the time on the clock, it does not grow when other processes take the machine.
    page_p50_ms, page_p99_ms: the time on the clock that a page of ten tasks took.
    failures: what was answered in place of a page, for each page that was not.
    """

    longest_hold_ms: float = 0.0
    page_p50_ms: float = 0.0
    page_p99_ms: float = 0.0
    resident_bytes: int = 0
    probes: int = 0
    failures: list[str] = field(default_factory=list)


def observe(port: int, pid: int, is_over: Callable[[], bool]) -> Observations:
    """Send small requests and pages to the worker of this process id in turn, until the end."""
    found, page_ms = Observations(), [0.0]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECONDS)
    while not is_over():
        time.sleep(_PROBE_SECONDS)
        try:
            before = _cpu_ms(pid)
            _request(connection, "GET", "/livez")
            found.longest_hold_ms = max(found.longest_hold_ms, _cpu_ms(pid) - before)
            started = time.perf_counter()
            page = _request(connection, "POST", "/graphql", _PAGE)
            page_ms.append((time.perf_counter() - started) * 1000)
            if not page.startswith('{"data":'):
                found.failures.append(page)
        except (OSError, http.client.HTTPException) as error:
            found.failures.append(repr(error))
            connection.close()
        found.resident_bytes = max(found.resident_bytes, memory_bytes(pid))
        found.probes += 1
    connection.close()
    percentiles = quantiles(page_ms, n=100, method="inclusive")
    found.page_p50_ms, found.page_p99_ms = percentiles[49], percentiles[98]
    return found


def _request(connection: http.client.HTTPConnection, method: str, path: str, body: str | None = None) -> str:
    connection.request(method, path, body, _JSON if body else {})
    return connection.getresponse().read().decode()


def _cpu_ms(pid: int) -> float:
    # The main thread, which runs the event loop, has the id of the process.
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e6


@contextmanager
def watched(service: Service) -> Iterator[Observations]:
    """Watch the only worker of a service during the block. The observations are there at its end."""
    [pid] = service.find("api worker")
    found = Observations()
    command = [sys.executable, "-m", "tests.support.loop_watchdog", str(service.port), str(pid)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "watching\n"
        try:
            yield found
        finally:
            output, _ = process.communicate()
            vars(found).update(json.loads(output))


def main() -> None:
    """Watch until the standard input ends, and print the observations as JSON."""
    end = threading.Thread(target=sys.stdin.read, daemon=True)
    end.start()
    sys.stdout.write("watching\n")
    sys.stdout.flush()
    json.dump(asdict(observe(int(sys.argv[1]), int(sys.argv[2]), lambda: not end.is_alive())), sys.stdout)


if __name__ == "__main__":
    main()
